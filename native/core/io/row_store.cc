#include "io/row_store.h"

#include "finite.h"

namespace circuit_tracer {

RowStore::RowStore(const TensorSource& source, FileMappings& files, at::ScalarType dtype,
                   at::Device device, bool lazy)
    : name_(source.name),
      tensor_(lazy ? openTensor(source, files) : loadTensor(source, files, dtype, device)),
      dtype_(dtype),
      device_(device),
      lazy_(lazy) {}

at::Tensor RowStore::gather(const at::Tensor& index) const {
  at::Tensor rows = tensor_.index_select(0, index.to(tensor_.device())).to(device_, dtype_);
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
