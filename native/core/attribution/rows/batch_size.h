#pragma once

#include <cstdint>
#include <vector>

#include "attribution/local_model/local_model.h"

namespace circuit_tracer {

// The most rows per batch that fit in half of the free memory of the fullest device, 512 at most:
// larger batches are not faster. `availableMemory`: free bytes of main memory.
int64_t chooseBatchSize(const std::vector<LocalModel>& locals, int64_t availableMemory);

}  // namespace circuit_tracer
