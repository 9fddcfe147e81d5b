#pragma once

#include <cstdint>
#include <vector>

#include "transcoder/sparse_features.h"

namespace circuit_tracer {

// The features of one layer at one position: neighbours in both orders of columns.
struct FeatureRun {
  int64_t firstWorking = 0, firstFinal = 0, count = 0;
};

// Columns of edge rows. In a graph, features are ordered by (layer, position, feature). While rows
// are computed, they are ordered by (position, layer, feature): then the sources writing to one
// output layer at one position are neighbours, for cross-layer sets too, and one product fills all
// their columns. Errors (layer-major) and tokens follow the features in both orders.
struct SourceColumns {
  int64_t nFeatures = 0, nLayers = 0, nPositions = 0;
  std::vector<FeatureRun> runs;  // [nLayers * nPositions] layer-major

  const FeatureRun& run(int64_t layer, int64_t position) const {
    return runs[layer * nPositions + position];
  }
  // Features at the first `positions` positions: they come first in working order.
  int64_t featuresBefore(int64_t positions) const {
    return positions < nPositions ? run(0, positions).firstWorking : nFeatures;
  }
  // Features of the first `layers` layers: they come first in final order.
  int64_t featuresBelow(int64_t layers) const {
    return layers < nLayers ? run(layers, 0).firstFinal : nFeatures;
  }
  int64_t error(int64_t layer, int64_t position) const {
    return nFeatures + layer * nPositions + position;
  }
  int64_t token(int64_t position) const { return error(nLayers, position); }
  int64_t total() const { return token(nPositions); }
};

SourceColumns layOutColumns(const SparseFeatures& features, int64_t nLayers, int64_t nPositions);

}  // namespace circuit_tracer
