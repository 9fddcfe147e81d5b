#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "intervention/edits.h"
#include "job_control.h"
#include "model/hook_capture.h"
#include "model/key_value_cache.h"
#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// Which feature activations of the edited run to return.
enum class ActivationReturn { None, Activations, PreActivations };

struct InterventionResult {
  at::Tensor logits;     // [n, V] after the softcap
  at::Tensor rawLogits;  // [n, V] before it
  // Per layer [n, F], as the features' encoders read the edited run: an edit shows downstream of
  // where it was made, not in the edited feature itself. Zero at zero positions.
  std::vector<at::Tensor> activations;
};

// Runs `tokens` with the edits. Unless a cache is given, or nothing is frozen, a clean pass of the
// frozen positions comes first. Positions in edits count from the first token of this pass.
// With a cache, the tokens continue after the cached ones and are appended to it.
// `capture` sees every value of the edited run as it goes on, edits included.
// Throws CodedError ERR_NUMERIC, ABORT_ERR.
InterventionResult intervene(const Transformer& model, const TranscoderSet& transcoders,
                             const at::Tensor& tokens, const Intervention& intervention,
                             ActivationReturn activations, KeyValueCache* cache,
                             HookCapture& capture, const JobControl& control);

}  // namespace circuit_tracer
