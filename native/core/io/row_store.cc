#include "io/row_store.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "finite.h"
#include "job_control.h"
#include "long_copy.h"

namespace circuit_tracer {

RowStore::RowStore(const TensorSource& source, FileMappings& files, at::ScalarType dtype,
                   at::Device device, bool lazy)
    : name_(source.name),
      tensor_(lazy ? openTensor(source, files) : loadTensor(source, files, dtype, device)),
      dtype_(dtype),
      device_(device),
      lazy_(lazy) {}

at::Tensor RowStore::gather(const at::Tensor& index) const {
  const at::Tensor where = index.to(tensor_.device());
  const int64_t count = index.numel();
  const int64_t together = polledRows(tensor_.numel() / std::max<int64_t>(tensor_.size(0), 1));
  at::Tensor rows;
  if (count <= together) {
    pollJob();
    rows = tensor_.index_select(0, where).to(device_, dtype_);
  } else {
    auto shape = tensor_.sizes().vec();
    shape[0] = count;
    rows = at::empty(shape, tensor_.options().device(device_).dtype(dtype_));
    for (int64_t begin = 0; begin < count; begin += together) {
      pollJob();
      const int64_t end = std::min(begin + together, count);
      rows.slice(0, begin, end).copy_(tensor_.index_select(0, where.slice(0, begin, end)));
    }
  }
  if (lazy_) requireFiniteWeight(rows, name_);
  return rows;
}

at::Tensor RowStore::slab(int64_t start, int64_t stop) const {
  return tensor_.slice(0, start, stop).to(device_, dtype_);
}

void RowStore::releasePages() const {
  if (lazy_) circuit_tracer::releasePages(tensor_);
}

void RowStore::readAhead() const {
  if (lazy_) circuit_tracer::readAhead(tensor_);
}

}  // namespace circuit_tracer
