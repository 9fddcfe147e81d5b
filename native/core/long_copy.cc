#include "long_copy.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "job_control.h"

namespace circuit_tracer {

at::Tensor longConversion(const at::Tensor& tensor, at::Device device, at::ScalarType dtype) {
  const bool changes = tensor.device() != device || tensor.scalar_type() != dtype;
  if (!changes || tensor.numel() <= kPolledNumbers || tensor.dim() == 0 ||
      !tensor.is_non_overlapping_and_dense()) {
    pollJob();
    return tensor.to(device, dtype);
  }
  // Strides are kept, as `to` does.
  at::Tensor out = at::empty_strided(tensor.sizes(), tensor.strides(),
                                     tensor.options().device(device).dtype(dtype));
  const int64_t rows = tensor.size(0), together = polledRows(tensor.numel() / rows);
  for (int64_t begin = 0; begin < rows; begin += together) {
    pollJob();
    const int64_t end = std::min(begin + together, rows);
    out.slice(0, begin, end).copy_(tensor.slice(0, begin, end));
  }
  return out;
}

}  // namespace circuit_tracer
