#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attribution/targets.h"
#include "transcoder/sparse_features.h"

namespace circuit_tracer {

// The rows of a graph as they are computed, over all active features as sources: target rows first,
// then feature rows in the order they were chosen.
class EdgeTable {
 public:
  // maxRows features will be added at most; columns = N + L * n + n.
  EdgeTable(const SparseFeatures& features, const Targets& targets, int64_t nLayers,
            int64_t maxRows, int64_t columns);

  // Makes room for the rows of these features; different rows may be filled at the same time.
  void reserve(const std::vector<int64_t>& features);
  at::Tensor targetRow(int64_t target) { return rows_[target]; }
  at::Tensor featureRow(int64_t feature) { return rows_[featureRow_[feature]]; }

  // The `count` features without a row that influence the targets most through the rows so far.
  std::vector<int64_t> mostInfluential(int64_t count) const;

  // Features that have a row, ascending.
  std::vector<int64_t> selected() const;
  // [S + K, S + rest + K] in final order, for the selected features only. Empties the table.
  at::Tensor takeRectangle();

 private:
  const SparseFeatures& features_;
  const Targets& targets_;
  int64_t nLayers_;
  at::Tensor rows_;                    // [K + maxRows, columns]
  std::vector<int64_t> featureRow_;    // row of each feature, -1 without one
  std::vector<int64_t> addedFeature_;  // feature of each row after the targets
};

}  // namespace circuit_tracer
