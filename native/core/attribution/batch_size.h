#pragma once

#include <cstdint>
#include <vector>

#include "attribution/attribute.h"
#include "attribution/local_model.h"

namespace circuit_tracer {

// options.batchSize, or when that is 0 the most rows, 512 at most, that fit in half of the memory
// that is left on the device where least is. More than 512 are not faster.
int64_t batchSizeOn(const std::vector<LocalModel>& locals, const AttributeOptions& options);

}  // namespace circuit_tracer
