#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "job_control.h"
#include "model/transformer.h"
#include "transcoder/sparse_features.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

enum class FeatureLayout { Dense, Sparse };

// Feature activations, or pre-activations, of all layers at n positions, in one of two layouts.
struct FeatureActivations {
  at::Tensor dense;       // [layers, n, largest F] float32 on the CPU; undefined when sparse
  SparseFeatures sparse;  // the entries that are not zero
};

// Puts the values [n, F] of each layer into a layout. In the dense one, layers with fewer features
// than the largest are padded with zeros.
FeatureActivations arrangeActivations(const std::vector<at::Tensor>& layers, FeatureLayout layout);

struct PromptActivations {
  at::Tensor logits;  // [n, V] after the softcap
  FeatureActivations features;
};

// Runs `tokens` [n] and encodes the feature inputs of every layer. The first `specialPositions`
// positions have no features: zeros when dense, no entries when sparse. Throws CodedError
// ERR_NUMERIC, ABORT_ERR.
PromptActivations promptActivations(const Transformer& model, const TranscoderSet& transcoders,
                                    const at::Tensor& tokens, int64_t specialPositions,
                                    bool applyActivation, FeatureLayout layout,
                                    const JobControl& control);

}  // namespace circuit_tracer
