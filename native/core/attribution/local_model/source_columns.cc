#include "attribution/local_model/source_columns.h"

namespace circuit_tracer {

SourceColumns layOutColumns(const SparseFeatures& features, int64_t nLayers, int64_t nPositions) {
  SourceColumns columns;
  columns.nFeatures = features.size();
  columns.nLayers = nLayers;
  columns.nPositions = nPositions;
  columns.runs.resize(nLayers * nPositions);
  for (int64_t i = 0; i < features.size(); ++i) {
    ++columns.runs[features.layer[i] * nPositions + features.position[i]].count;
  }
  int64_t final = 0;
  for (FeatureRun& run : columns.runs) {
    run.firstFinal = final;
    final += run.count;
  }
  for (int64_t q = 0; q < nPositions; ++q) {
    int64_t atPosition = 0;
    for (int64_t l = 0; l < nLayers; ++l) {
      FeatureRun& run = columns.runs[l * nPositions + q];
      run.firstAtPosition = atPosition;
      atPosition += run.count + 1;
    }
    columns.tokenAt.push_back(atPosition);
  }
  columns.within.resize((nLayers + 1) * nPositions);
  for (int64_t l = 0; l < nLayers; ++l) {
    int64_t ofLayer = 0;
    for (int64_t q = 0; q < nPositions; ++q) {
      ofLayer += columns.run(l, q).count;
      columns.within[(l + 1) * nPositions + q] = columns.within[l * nPositions + q] + ofLayer;
    }
  }
  return columns;
}

}  // namespace circuit_tracer
