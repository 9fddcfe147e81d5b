#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "attribution/local_model/setup.h"
#include "model/transformer.h"

namespace circuit_tracer {

// Something to explain: an output token, any direction at the final norm's output, or a feature's
// pre-activation.
struct TargetRequest {
  enum class Kind { Token, Direction, Feature };
  Kind kind = Kind::Token;
  int64_t position = 0;
  int64_t tokenId = -1;            // Token
  at::Tensor direction;            // Direction: [D], used as given
  int64_t layer = 0, feature = 0;  // Feature
  std::optional<float> weight;     // empty: the token's probability, 1 for the others
};

// Targets ready for the backward pass, in the order asked for.
struct Targets {
  std::vector<int64_t> tokenId;     // -1 for directions and features
  std::vector<float> weight;        // share of the outputs
  at::Tensor residualGradients;     // [K, D] of each target at the residual stream, float32
  std::vector<int64_t> entryLayer;  // nLayers for tokens and directions
  std::vector<int64_t> position;

  int64_t size() const { return static_cast<int64_t>(tokenId.size()); }
};

// The likeliest next tokens: the fewest, at most maxCount, that reach `desiredProbability`
// together.
std::vector<TargetRequest> salientTokens(const Trace& trace, int64_t maxCount,
                                         double desiredProbability);

// Directions of tokens at the final norm's output: [tokens, D] float32, unembedding rows minus the
// mean over all vocabulary rows.
at::Tensor tokenDirections(const Transformer& model, const std::vector<int64_t>& tokenIds);

// A token's direction is its unembedding row minus the mean over all vocabulary rows; its edges are
// effects on the logit before the softcap, its weight its probability after it.
Targets resolveTargets(const Transformer& model, const TranscoderSet& transcoders,
                       const Trace& trace, const std::vector<TargetRequest>& requests);

}  // namespace circuit_tracer
