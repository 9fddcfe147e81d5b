#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace circuit_tracer {

enum class Normalization { LayerNorm, RmsNorm };
enum class MlpKind { Plain, Gated, Experts };
enum class Activation { Gelu, GeluTanh, Silu, Relu, GptOssGlu };

struct RotaryTable {
  std::vector<double> frequencies;
  double attentionFactor = 1;

  bool operator==(const RotaryTable&) const = default;
};

// The C++ side of lib/engine/model-spec.ts, which says what each field means. Every field arrives
// filled in.
struct ModelSpec {
  std::string family;
  int64_t nLayers = 0;
  int64_t dModel = 0;
  int64_t nHeads = 0;
  int64_t nKeyValueHeads = 0;
  int64_t dHead = 0;
  int64_t dMlp = 0;
  int64_t dVocab = 0;
  int64_t maxPositions = 0;
  Normalization normalization = Normalization::RmsNorm;
  double normEpsilon = 0;
  bool postNorms = false;
  bool queryKeyNorm = false;
  bool parallelBlocks = false;
  bool learnedPositions = false;
  std::vector<RotaryTable> rotary;
  std::vector<double> attentionScale;
  double attentionSoftcap = 0;
  std::vector<int64_t> slidingWindow;
  bool attentionSinks = false;
  MlpKind mlp = MlpKind::Gated;
  Activation activation = Activation::Silu;
  int64_t nExperts = 0;
  int64_t nExpertsPerToken = 0;
  double embeddingScale = 1;
  double logitSoftcap = 0;

  // Query heads that share one key/value head.
  int64_t headsPerKeyValueHead() const { return nHeads / nKeyValueHeads; }
};

}  // namespace circuit_tracer
