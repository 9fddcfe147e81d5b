#include "graph/influence.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>

#include "job_control.h"

namespace circuit_tracer {
namespace {

// Columns a thread takes at a time: the accumulator stays in the first-level cache.
constexpr int64_t kColumnBlock = 2048;

void addWholeRows(const EdgeRows& all, const std::vector<WeightedRow>& rows, double* influence) {
  const int64_t blocks = (all.columns() + kColumnBlock - 1) / kColumnBlock;
  const CurrentJob job;
  at::parallel_for(0, blocks, 1, [&](int64_t firstBlock, int64_t lastBlock) {
    for (int64_t b = firstBlock; b < lastBlock; ++b) {
      const int64_t begin = b * kColumnBlock;
      const int64_t count = std::min(kColumnBlock, all.columns() - begin);
      for (const auto& [row, weight] : rows) {
        job.poll();
        addAbsolute(all.row(row) + begin, count, weight, influence + begin);
      }
    }
  });
}

}  // namespace

std::vector<double> absoluteRowSums(const EdgeRows& rows, double floor) {
  std::vector<double> sums(rows.size());
  const CurrentJob job;
  at::parallel_for(0, rows.size(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      job.poll();
      double sum = 0;
      for (int64_t c = 0; c < rows.columns(); ++c) sum += std::fabs(rows.row(r)[c]);
      sums[r] = std::max(sum, floor);
    }
  });
  return sums;
}

std::vector<double> sweepInfluence(const RowTargets& targets, const std::vector<double>& rowSums,
                                   int64_t nodes, const AddRows& add) {
  std::vector<double> influence(nodes, 0.0);
  std::vector<int64_t> order(targets.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return targets.layer[a] > targets.layer[b]; });
  std::vector<WeightedRow> rows;
  for (size_t i = 0; i < order.size();) {
    const int64_t layer = targets.layer[order[i]];
    rows.clear();
    for (; i < order.size() && targets.layer[order[i]] == layer; ++i) {
      const int64_t r = order[i];
      const double own = targets.node[r] >= 0 ? influence[targets.node[r]] : 0.0;
      const double total = own + targets.weight[r];
      if (total > 0) rows.push_back({r, total / rowSums[r]});
    }
    if (!rows.empty()) add(rows, layer, influence);
  }
  return influence;
}

std::vector<double> sweepInfluence(const EdgeRows& all, const std::vector<double>& rowSums) {
  return sweepInfluence(
      all.targets, rowSums, all.columns(),
      [&](const std::vector<WeightedRow>& rows, int64_t, std::vector<double>& influence) {
        addWholeRows(all, rows, influence.data());
      });
}

}  // namespace circuit_tracer
