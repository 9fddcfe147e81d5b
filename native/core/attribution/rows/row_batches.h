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
  int64_t rows;       // most rows
  int64_t positions;  // most rows times positions up to the last; 16 rows may always share a batch
};

// Sorts rows by entry layer and position, both descending, and cuts them into batches. A row costs
// nothing above its layer or after its position, and rows of neighbouring layers share the reading
// of the decoder rows below them.
std::vector<std::vector<PendingRow>> planBatches(std::vector<PendingRow> rows,
                                                 const BatchLimits& limits);

}  // namespace circuit_tracer
