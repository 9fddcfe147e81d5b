#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// What one forward pass of the prompt leaves behind for attribution.
struct Trace {
  at::Tensor logits;                 // [n, V] after the softcap
  at::Tensor embeddings;             // [n, D] scaled embedding rows
  std::vector<at::Tensor> patterns;  // [heads, n, n] per layer
  std::vector<at::Tensor> ln1Scale, ln1PostScale, ln2Scale, ln2PostScale;  // [n, 1] per layer
  at::Tensor finalScale;                                                   // [n, 1]
  std::vector<at::Tensor> featureInputs, featureOutputs;                   // [n, D] per layer

  int64_t nPositions() const { return logits.size(0); }
};

// Runs the prompt once. Throws CodedError ERR_NUMERIC when the logits are not finite.
Trace tracePrompt(const Transformer& model, const TranscoderSpec& transcoders,
                  const at::Tensor& tokens, const JobControl& control);

}  // namespace circuit_tracer
