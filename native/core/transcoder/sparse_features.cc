#include "transcoder/sparse_features.h"

#include <algorithm>

namespace circuit_tracer {

std::vector<int64_t> SparseFeatures::layerOffsets(int64_t nLayers) const {
  std::vector<int64_t> offsets;
  for (int64_t l = 0; l <= nLayers; ++l) {
    offsets.push_back(std::lower_bound(layer.begin(), layer.end(), l) - layer.begin());
  }
  return offsets;
}

}  // namespace circuit_tracer
