#pragma once

#include <ATen/core/Tensor.h>

namespace circuit_tracer {

// tensor.to(device, dtype), in pieces of its first dimension that a cancelled job leaves soon. The
// tensor itself where nothing changes.
at::Tensor longConversion(const at::Tensor& tensor, at::Device device, at::ScalarType dtype);

// Numbers that an operation on each of them looks at between polls.
constexpr int64_t kPolledNumbers = int64_t{8} << 20;

// Rows of `width` numbers that are about so many together.
inline int64_t polledRows(int64_t width) {
  return width >= kPolledNumbers ? 1 : kPolledNumbers / (width > 0 ? width : 1);
}

}  // namespace circuit_tracer
