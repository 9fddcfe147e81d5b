#include "graph/influence.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace circuit_tracer {
namespace {

// Columns a thread takes at a time: the accumulator stays in the first-level cache.
constexpr int64_t kColumnBlock = 2048;

struct WeightedRow {
  const float* row;
  double weight;
};

void addRows(const std::vector<WeightedRow>& rows, int64_t columns, double* influence) {
  const int64_t blocks = (columns + kColumnBlock - 1) / kColumnBlock;
  at::parallel_for(0, blocks, 1, [&](int64_t firstBlock, int64_t lastBlock) {
    for (int64_t b = firstBlock; b < lastBlock; ++b) {
      const int64_t begin = b * kColumnBlock;
      const int64_t end = std::min(begin + kColumnBlock, columns);
      for (const WeightedRow& weighted : rows) {
        for (int64_t c = begin; c < end; ++c) {
          influence[c] += weighted.weight * std::fabs(weighted.row[c]);
        }
      }
    }
  });
}

}  // namespace

std::vector<double> absoluteRowSums(const EdgeRows& rows, double floor) {
  std::vector<double> sums(rows.size());
  at::parallel_for(0, rows.size(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      double sum = 0;
      for (int64_t c = 0; c < rows.columns; ++c) sum += std::fabs(rows.row(r)[c]);
      sums[r] = std::max(sum, floor);
    }
  });
  return sums;
}

std::vector<double> sweepInfluence(const EdgeRows& rows, const std::vector<double>& rowSums) {
  std::vector<double> influence(rows.columns, 0.0);
  std::vector<int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return rows.layer[a] > rows.layer[b]; });
  std::vector<WeightedRow> block;
  for (size_t i = 0; i < order.size();) {
    const int64_t layer = rows.layer[order[i]];
    block.clear();
    for (; i < order.size() && rows.layer[order[i]] == layer; ++i) {
      const int64_t r = order[i];
      const double own = rows.node[r] >= 0 ? influence[rows.node[r]] : 0.0;
      const double total = own + rows.weight[r];
      if (total > 0) block.push_back({rows.row(r), total / rowSums[r]});
    }
    const int64_t reach = rows.columnsBelow.empty() ? rows.columns : rows.columnsBelow[layer];
    if (!block.empty()) addRows(block, reach, influence.data());
  }
  return influence;
}

}  // namespace circuit_tracer
