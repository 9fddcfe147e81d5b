#pragma once

#include <cstdint>
#include <vector>

#include "transcoder/sparse_features.h"

namespace circuit_tracer {

// The features of one layer at one position: neighbours in both orders of columns.
struct FeatureRun {
  int64_t firstWorking = 0, firstFinal = 0, count = 0;
};

// Columns of rows that reach up to some position, while they are computed: sources at these
// positions only.
struct WorkingColumns {
  int64_t nFeatures = 0, nLayers = 0, nPositions = 0;

  int64_t error(int64_t layer) const { return nFeatures + layer * nPositions; }
  int64_t token() const { return error(nLayers); }
  int64_t total() const { return token() + nPositions; }
};

// Columns of edge rows. In a graph, features are ordered by (layer, position, feature). While rows
// are computed, they are ordered by (position, layer, feature): then the sources writing to one
// output layer at one position are neighbours, for cross-layer sets too, and one product fills all
// their columns; and those up to a position come first. Errors (layer-major) and tokens follow the
// features in both orders.
struct SourceColumns {
  int64_t nFeatures = 0, nLayers = 0, nPositions = 0;
  std::vector<FeatureRun> runs;  // [nLayers * nPositions] layer-major
  std::vector<int64_t> within;   // [(nLayers + 1) * nPositions] features of lower layers up to q

  const FeatureRun& run(int64_t layer, int64_t position) const {
    return runs[layer * nPositions + position];
  }
  WorkingColumns upTo(int64_t positions) const {
    const int64_t features = positions < nPositions ? run(0, positions).firstWorking : nFeatures;
    return {features, nLayers, positions};
  }
  // Features of the first `layers` layers: they come first in final order.
  int64_t featuresBelow(int64_t layers) const {
    return layers < nLayers ? run(layers, 0).firstFinal : nFeatures;
  }
  // Features of the first `layers` layers at positions up to `position`.
  int64_t featuresWithin(int64_t layers, int64_t position) const {
    return within[layers * nPositions + position];
  }
  int64_t total() const { return nFeatures + (nLayers + 1) * nPositions; }
};

SourceColumns layOutColumns(const SparseFeatures& features, int64_t nLayers, int64_t nPositions);

}  // namespace circuit_tracer
