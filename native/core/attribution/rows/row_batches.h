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
  int64_t positions;  // rows times positions of the last one at most, but for the fewest rows
};

// Cuts rows into batches, by entry layer and position, both descending: a row costs nothing above
// its layer or after its position, and rows of like layers meet the same decoder rows below them
// and share the reading of these. The order of rows changes no result.
std::vector<std::vector<PendingRow>> planBatches(std::vector<PendingRow> rows,
                                                 const BatchLimits& limits);

}  // namespace circuit_tracer
