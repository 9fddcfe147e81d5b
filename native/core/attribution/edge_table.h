#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "attribution/source_columns.h"
#include "attribution/targets.h"
#include "graph/influence.h"
#include "transcoder/sparse_features.h"

namespace circuit_tracer {

// The rows of a graph as they are computed, over all active features as sources: feature rows in
// the order they were chosen, then target rows. What a row can't depend on is never written, and
// memory that is never written is never taken: about half of a table of all features.
class EdgeTable {
 public:
  // Exactly nRows features will be chosen.
  // Throws CodedError ERR_OUT_OF_MEMORY.
  EdgeTable(const SparseFeatures& features, const Targets& targets, const SourceColumns& columns,
            int64_t nRows);

  // Makes room for the rows of these features.
  void reserve(const std::vector<int64_t>& features);
  int64_t rowOfTarget(int64_t target) const { return nRows_ + target; }
  int64_t rowOfFeature(int64_t feature) const { return featureRow_[feature]; }
  // What a row is of, once there is room for it.
  int64_t targetOfRow(int64_t row) const { return row - nRows_; }
  int64_t featureOfRow(int64_t row) const { return addedFeature_[row]; }
  int64_t layerOfRow(int64_t row) const;
  int64_t positionOfRow(int64_t row) const;

  // Stores a row given in working order, of which only sources below its layer and up to its
  // position are read. Different rows may be filled at the same time. Throws CodedError
  // ERR_NUMERIC.
  void fill(int64_t row, const float* working);

  // The `count` features without a row that influence the targets most through the rows so far.
  std::vector<int64_t> mostInfluential(int64_t count) const;

  // Features that have a row, ascending.
  std::vector<int64_t> selected() const;
  // float32 CPU [S + K, S + rest + K] in final order, for the selected features only, in the
  // table's own memory. Empties the table.
  at::Tensor takeRectangle();

 private:
  float* rowAt(int64_t row) const { return memory_.get() + row * stride_; }
  void keepColumns(const std::vector<int64_t>& chosen);
  void sortRows(const std::vector<int64_t>& chosen, int64_t width);

  const SparseFeatures& features_;
  const Targets& targets_;
  const SourceColumns& columns_;
  int64_t nRows_;
  int64_t stride_;  // columns, and one per target, which have no edges
  std::unique_ptr<float, decltype(&std::free)> memory_;  // [nRows + K, stride], zero at first
  std::vector<double> rowSums_;                          // of absolute values
  std::vector<int64_t> featureRow_;                      // row of each feature, -1 without one
  std::vector<int64_t> addedFeature_;                    // feature of each row
};

}  // namespace circuit_tracer
