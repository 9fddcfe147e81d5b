#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "job_control.h"
#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

struct LogitEffects {
  at::Tensor top;     // int32 [features, count] tokens a feature makes likelier, most first
  at::Tensor bottom;  // and less likely
};

// What the features of a layer do to the logits directly: the sum of what each writes in all its
// layers, through the gains of the norms after it and the unembedding. Scales of norms, which
// depend on the prompt, would change no order.
LogitEffects logitEffects(const Transformer& model, const TranscoderSet& transcoders, int64_t layer,
                          int64_t count, const JobControl& control);

}  // namespace circuit_tracer
