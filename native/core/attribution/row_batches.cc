#include "attribution/row_batches.h"

#include <algorithm>

namespace circuit_tracer {

std::vector<std::vector<PendingRow>> planBatches(std::vector<PendingRow> rows, int64_t batchSize) {
  std::stable_sort(rows.begin(), rows.end(), [](const PendingRow& a, const PendingRow& b) {
    return a.position > b.position;
  });
  std::vector<std::vector<PendingRow>> batches;
  for (size_t begin = 0; begin < rows.size(); begin += batchSize) {
    const size_t end = std::min(begin + static_cast<size_t>(batchSize), rows.size());
    std::vector<PendingRow> batch(rows.begin() + begin, rows.begin() + end);
    std::stable_sort(batch.begin(), batch.end(), [](const PendingRow& a, const PendingRow& b) {
      return a.entryLayer > b.entryLayer;
    });
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace circuit_tracer
