#include "io/row_store.h"

#include <ATen/Functions.h>

#include "finite.h"

namespace circuit_tracer {

RowStore::RowStore(const TensorSource& source, FileMappings& files, at::ScalarType dtype,
                   at::Device device, bool lazy)
    : name_(source.name),
      tensor_(lazy ? openTensor(source, files) : loadTensor(source, files, dtype, device)),
      dtype_(dtype),
      device_(device),
      lazy_(lazy) {
  if (lazy_ && !source.file.empty() && MappedFile::holds(tensor_.const_data_ptr())) {
    file_ = files.open(source.file);
  }
}

at::Tensor RowStore::gather(const at::Tensor& index) const {
  at::Tensor rows = tensor_.index_select(0, index.to(tensor_.device())).to(device_, dtype_);
  if (lazy_) requireFiniteWeight(rows, name_);
  return rows;
}

at::Tensor RowStore::slab(int64_t start, int64_t stop) const {
  return tensor_.slice(0, start, stop).to(device_, dtype_);
}

void RowStore::releasePages() const {
  if (!file_) return;
  int64_t extent = 1;
  for (int64_t d = 0; d < tensor_.dim(); ++d) extent += (tensor_.size(d) - 1) * tensor_.stride(d);
  const auto* begin = static_cast<const uint8_t*>(tensor_.const_data_ptr());
  file_->release(begin - file_->data(), extent * static_cast<int64_t>(tensor_.element_size()));
}

}  // namespace circuit_tracer
