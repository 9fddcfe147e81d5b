#pragma once

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// Non-zero feature activations, sorted by (layer, position, feature).
struct SparseFeatures {
  std::vector<int64_t> layer, position, feature;
  std::vector<float> value;

  int64_t size() const { return static_cast<int64_t>(value.size()); }
  // First entry of each layer, and the end: [nLayers + 1].
  std::vector<int64_t> layerOffsets(int64_t nLayers) const;
};

}  // namespace circuit_tracer
