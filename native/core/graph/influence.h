#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// Rows of direct effects in any order: which node each row is the target of, and its layer (logits
// have the layer after the last). A source's layer is always below its target's.
struct EdgeRows {
  const float* data = nullptr;
  int64_t stride = 0;          // columns stored per row
  int64_t columns = 0;         // leading columns that count
  // Leading columns that rows of a layer can have edges from, by layer; empty: all.
  std::vector<int64_t> columnsBelow;
  std::vector<int64_t> node;   // [rows] column index of the row's own node, -1 when it has none
  std::vector<int64_t> layer;  // [rows]
  std::vector<double> weight;  // [rows] own share of the outputs: probability for logits, else 0

  int64_t size() const { return static_cast<int64_t>(node.size()); }
  const float* row(int64_t r) const { return data + r * stride; }
};

// Sum of |row| of each row, at least `floor`.
std::vector<double> absoluteRowSums(const EdgeRows& rows, double floor);

// Influence of every column's node on the outputs: the series p A + p A^2 + ..., A = |edges| with
// each row divided by its sum, p the output weights. Rows are visited once, from the last layer to
// the first: by the time a row's turn comes, all influence on its node is known.
std::vector<double> sweepInfluence(const EdgeRows& rows, const std::vector<double>& rowSums);

}  // namespace circuit_tracer
