#pragma once

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// A target row waiting for its backward pass.
struct PendingRow {
  int64_t index;  // of the feature or target
  int64_t entryLayer;
  int64_t position;
};

// Cuts rows into batches of at most `batchSize` in which positions are as alike as possible, since
// a batch pays for its last position in every row; inside a batch, descending by entry layer, so
// that a row costs nothing above its layer. The order of rows changes no result.
std::vector<std::vector<PendingRow>> planBatches(std::vector<PendingRow> rows, int64_t batchSize);

}  // namespace circuit_tracer
