#include "attribution/rows/row_batches.h"

#include <algorithm>

namespace circuit_tracer {

namespace {

// With fewer rows, products at one position would be too small to be fast.
constexpr int64_t kFewestRows = 16;

}  // namespace

std::vector<std::vector<PendingRow>> planBatches(std::vector<PendingRow> rows,
                                                 const BatchLimits& limits) {
  std::stable_sort(rows.begin(), rows.end(), [](const PendingRow& a, const PendingRow& b) {
    return a.entryLayer != b.entryLayer ? a.entryLayer > b.entryLayer : a.position > b.position;
  });
  std::vector<std::vector<PendingRow>> batches;
  int64_t count = 0, last = 0;
  for (const PendingRow& row : rows) {
    last = std::max(last, row.position);
    const int64_t most =
        std::min(limits.rows, std::max(limits.positions / (last + 1), kFewestRows));
    if (batches.empty() || count >= most) {
      batches.emplace_back();
      count = 0;
      last = row.position;
    }
    batches.back().push_back(row);
    ++count;
  }
  return batches;
}

}  // namespace circuit_tracer
