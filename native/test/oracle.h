#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

struct FeaturePlace {
  int64_t layer, position, feature;
};
struct TokenTarget {
  int64_t position, tokenId;
};

struct OracleRequest {
  std::vector<int64_t> tokens;
  int64_t specialPositions = 0;
  std::vector<FeaturePlace> features;        // [N] the sources
  std::vector<FeaturePlace> featureTargets;  // rows, in this order,
  std::vector<TokenTarget> tokenTargets;     // and after them these; R in all
};

struct OracleRows {
  at::Tensor values;  // [N] pre-activations of the sources
  at::Tensor edges;   // [R, N + L * n + n]: features, errors layer-major, tokens
};

// Edges by definition: the gradient that autograd gives for each target in a forward pass whose
// attention patterns, norm scales and MLP outputs are detached, times what each source writes.
// Shares the forward pass with attribution and nothing of its backward pass.
OracleRows autogradRows(const Transformer& model, const TranscoderSet& transcoders,
                        const OracleRequest& request);

}  // namespace circuit_tracer
