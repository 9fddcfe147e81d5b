#pragma once

#include <cstdint>
#include <vector>

#include "transcoder/sparse_features.h"

namespace circuit_tracer {

// The features of one layer at one position: neighbours in both orders of columns.
struct FeatureRun {
  int64_t firstAtPosition = 0, firstFinal = 0, count = 0;
};

// Columns of edge rows. In a graph, features are ordered by (layer, position, feature), and errors
// (layer-major) and tokens follow. While rows are computed, each position has columns of its own:
// for each layer its features and its error, then the token. So the sources writing to one output
// layer at one position are neighbours, for cross-layer sets too, and one product fills all their
// columns.
struct SourceColumns {
  int64_t nFeatures = 0, nLayers = 0, nPositions = 0;
  std::vector<FeatureRun> runs;  // [nLayers * nPositions] layer-major
  std::vector<int64_t> within;   // [(nLayers + 1) * nPositions] features of lower layers up to q
  std::vector<int64_t> tokenAt;  // [nPositions] column of the token, the last one

  const FeatureRun& run(int64_t layer, int64_t position) const {
    return runs[layer * nPositions + position];
  }
  // Columns of position q.
  int64_t errorAt(int64_t q, int64_t layer) const {
    return run(layer, q).firstAtPosition + run(layer, q).count;
  }
  int64_t widthAt(int64_t q) const { return tokenAt[q] + 1; }
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
