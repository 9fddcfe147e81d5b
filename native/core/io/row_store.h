#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "io/mapped_file.h"
#include "io/tensor_source.h"

namespace circuit_tracer {

// A weight [rows, ...] whose rows can be had without the rest. Eager: held in the compute dtype on
// the device. Lazy: left in its file, and only the rows asked for are read and converted; the
// numbers are the same bit for bit.
class RowStore {
 public:
  RowStore() = default;
  RowStore(const TensorSource& source, FileMappings& files, at::ScalarType dtype, at::Device device,
           bool lazy);

  at::IntArrayRef sizes() const { return tensor_.sizes(); }
  // Rows `index` (int64, CPU) in the given order, in the compute dtype on the device. A lazy weight
  // is checked here for what an eager one was checked for when it was loaded.
  at::Tensor gather(const at::Tensor& index) const;
  // Rows start .. stop-1, in the compute dtype on the device.
  at::Tensor slab(int64_t start, int64_t stop) const;
  // Lets go of the memory that pages of a lazy weight's file take, once its rows have been used.
  void releasePages() const;
  // What an offload may move: undefined when lazy.
  at::Tensor* resident() { return lazy_ ? nullptr : &tensor_; }

 private:
  std::string name_;
  at::Tensor tensor_;
  std::shared_ptr<MappedFile> file_;  // what a lazy tensor is a view of, if it is one of a file
  at::ScalarType dtype_ = at::kFloat;
  at::Device device_ = at::kCPU;
  bool lazy_ = false;
};

}  // namespace circuit_tracer
