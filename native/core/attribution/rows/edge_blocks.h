#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attribution/local_model/source_columns.h"
#include "attribution/rows/row_layout.h"

namespace circuit_tracer {

// The edges of a batch while they are computed: one block after another, for each position q
// [rows that reach q, columns.widthAt(q)].
class EdgeBlocks {
 public:
  explicit EdgeBlocks(const RowLayout& layout = RowLayout(), const SourceColumns& columns = {}) {
    for (int64_t q = 0; q < layout.positions(); ++q) {
      rows_.push_back(layout.reaching(q));
      widths_.push_back(columns.widthAt(q));
      first_.push_back(first_.back() + static_cast<int64_t>(rows_[q].size()) * widths_[q]);
    }
  }

  int64_t positions() const { return static_cast<int64_t>(widths_.size()); }
  int64_t total() const { return first_.back(); }

  // The block of position q of `edges` [total].
  at::Tensor at(const at::Tensor& edges, int64_t q) const {
    return edges.narrow(0, first_[q], first_[q + 1] - first_[q]).view({-1, widths_[q]});
  }

  // [row][q]: where the edges of a row from sources at position q begin, for each q up to its own.
  std::vector<std::vector<const float*>> byRow(const float* edges, int64_t nRows) const {
    std::vector<std::vector<const float*>> out(nRows);
    for (int64_t q = 0; q < positions(); ++q) {
      const float* next = edges + first_[q];
      for (const int64_t r : rows_[q]) {
        out[r].push_back(next);
        next += widths_[q];
      }
    }
    return out;
  }

 private:
  std::vector<std::vector<int64_t>> rows_;
  std::vector<int64_t> widths_;
  std::vector<int64_t> first_{0};
};

}  // namespace circuit_tracer
