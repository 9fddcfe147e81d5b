#include "attribution/row_batches.h"

#include <algorithm>

namespace circuit_tracer {

namespace {

// Fewer rows make products at one position too small, however many positions there are.
constexpr int64_t kFewestRows = 16;

}  // namespace

std::vector<std::vector<PendingRow>> planBatches(std::vector<PendingRow> rows,
                                                 const BatchLimits& limits) {
  std::stable_sort(rows.begin(), rows.end(), [](const PendingRow& a, const PendingRow& b) {
    return a.position != b.position ? a.position > b.position : a.entryLayer > b.entryLayer;
  });
  std::vector<std::vector<PendingRow>> batches;
  int64_t idle = 0, most = 0;
  for (const PendingRow& row : rows) {
    if (!batches.empty()) idle += batches.back().front().position - row.position;
    if (batches.empty() || idle > limits.idlePositions ||
        static_cast<int64_t>(batches.back().size()) == most) {
      batches.emplace_back();
      idle = 0;
      most = std::min(limits.rows, std::max(limits.positions / (row.position + 1), kFewestRows));
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
