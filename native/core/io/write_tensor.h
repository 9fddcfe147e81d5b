#pragma once

#include <cstdint>
#include <string>

#include "io/tensor_source.h"
#include "job_control.h"

namespace circuit_tracer {

// Writes the numbers of a tensor of one dimension or more as its view has them, in C order, as
// `dtype`, into an existing file from byte `offset` on. Goes by chunks of rows, so the memory taken
// is bounded whatever the tensor's size. Rounds to nearest, ties to even. `add` is not applied.
// Returns the bytes written. Throws CodedError ERR_WEIGHT when a number is NaN, infinite or too
// large for `dtype`, ERR_FILE_WRITE when the file can't be written.
int64_t writeTensor(const TensorSource& source, at::ScalarType dtype, const std::string& file,
                    int64_t offset, const JobControl& control);

}  // namespace circuit_tracer
