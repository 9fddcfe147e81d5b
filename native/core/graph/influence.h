#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "graph/row_blocks.h"

namespace circuit_tracer {

// What rows of direct effects are of, in any order: which node each row is the target of, and its
// layer (outputs have the layer after the last). A source's layer is always below its target's.
struct RowTargets {
  std::vector<int64_t> node;   // [rows] index of the row's own node, -1 when no row starts there
  std::vector<int64_t> layer;  // [rows]
  std::vector<double> weight;  // [rows] own share of the outputs: probability for them, else 0

  int64_t size() const { return static_cast<int64_t>(node.size()); }
};

// Rows with a column for every node.
struct EdgeRows {
  RowBlocks numbers;
  RowTargets targets;

  int64_t size() const { return targets.size(); }
  int64_t columns() const { return numbers.columns; }
  const float* row(int64_t r) const { return numbers.row(r); }
};

struct WeightedRow {
  int64_t row;
  double weight;
};

// Adds weight times absolute values of rows of one layer to the influence of their sources.
using AddRows = std::function<void(const std::vector<WeightedRow>& rows, int64_t layer,
                                   std::vector<double>& influence)>;

// Influence of `nodes` nodes on the outputs: the series p A + p A^2 + ..., A = |edges| with each
// row divided by its sum, p the output weights. Rows are visited once, from the last layer to the
// first: by the time a row's turn comes, all influence on its node is known.
std::vector<double> sweepInfluence(const RowTargets& targets, const std::vector<double>& rowSums,
                                   int64_t nodes, const AddRows& add);

// The same of every column's node.
std::vector<double> sweepInfluence(const EdgeRows& rows, const std::vector<double>& rowSums);

// Sum of |row| of each row, at least `floor`.
std::vector<double> absoluteRowSums(const EdgeRows& rows, double floor);

// Adds factor times the absolute values of `count` numbers.
inline void addAbsolute(const float* numbers, int64_t count, double factor, double* to) {
  for (int64_t i = 0; i < count; ++i) to[i] += factor * std::fabs(numbers[i]);
}

}  // namespace circuit_tracer
