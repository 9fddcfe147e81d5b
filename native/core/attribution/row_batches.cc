#include "attribution/row_batches.h"

#include <algorithm>

namespace circuit_tracer {

namespace {

// What a batch costs beside its rows, in positions of a row: calls of small kernels.
constexpr int64_t kBatchOverhead = 128;

}  // namespace

std::vector<std::vector<PendingRow>> planBatches(std::vector<PendingRow> rows, int64_t batchSize) {
  std::stable_sort(rows.begin(), rows.end(), [](const PendingRow& a, const PendingRow& b) {
    return a.position > b.position;
  });
  std::vector<std::vector<PendingRow>> batches;
  int64_t idle = 0;
  for (const PendingRow& row : rows) {
    if (!batches.empty()) idle += batches.back().front().position - row.position;
    if (batches.empty() || idle > kBatchOverhead ||
        static_cast<int64_t>(batches.back().size()) == batchSize) {
      batches.emplace_back();
      idle = 0;
    }
    batches.back().push_back(row);
  }
  for (auto& batch : batches) {
    std::stable_sort(batch.begin(), batch.end(), [](const PendingRow& a, const PendingRow& b) {
      return a.entryLayer > b.entryLayer;
    });
  }
  return batches;
}

}  // namespace circuit_tracer
