#pragma once

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// A target row waiting for its backward pass.
struct PendingRow {
  int64_t index;  // of the row in the edge table
  int64_t entryLayer;
  int64_t position;
};

struct BatchLimits {
  int64_t rows;       // at most
  int64_t positions;  // rows times positions at most, but for the fewest rows
  // Positions that rows may be computed at in vain because others of the batch stand later: what
  // the small calls of one more batch would cost.
  int64_t idlePositions;
};

// Cuts rows into batches in which positions are as alike as possible, since a batch pays for its
// last position in every row; inside a batch, descending by entry layer, so that a row costs
// nothing above its layer. The order of rows changes no result.
std::vector<std::vector<PendingRow>> planBatches(std::vector<PendingRow> rows,
                                                 const BatchLimits& limits);

}  // namespace circuit_tracer
