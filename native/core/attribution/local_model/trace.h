#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// Scales of the norms, [n, 1] float32; per layer but for the final one.
struct NormScales {
  std::vector<at::Tensor> ln1, ln1Post, ln2, ln2Post;
  at::Tensor final;
};

// What one forward pass of the prompt leaves behind for attribution.
struct Trace {
  at::Tensor logits;                 // [n, V] after the softcap
  at::Tensor embeddings;             // [n, D] scaled embedding rows
  std::vector<at::Tensor> patterns;  // [heads, n, n] per layer
  NormScales scales;
  std::vector<at::Tensor> featureInputs, featureOutputs;  // [n, D] per layer

  int64_t nPositions() const { return logits.size(0); }
};

// Runs the prompt once. Throws CodedError ERR_NUMERIC when the logits are not finite.
Trace tracePrompt(const Transformer& model, const TranscoderSpec& transcoders,
                  const at::Tensor& tokens, const JobControl& control);

}  // namespace circuit_tracer
