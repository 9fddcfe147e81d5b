#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/mapped_file.h"

namespace circuit_tracer {

struct ViewStep {
  enum class Kind { Reshape, Permute, Slice, Select };
  Kind kind;
  // Reshape: sizes. Permute: dims. Slice: dim, start, stop. Select: dim, index.
  std::vector<int64_t> arguments;
};

// Where the numbers of one tensor are and how to look at them; the C++ side of
// lib/io/tensor-source.ts, which says what each field means.
struct TensorSource {
  std::string name;
  std::string file;  // empty when `bytes` is set
  at::Tensor bytes;  // uint8 [size]
  int64_t offset = 0;
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> shape;
  std::vector<ViewStep> view;
  double add = 0;
  std::shared_ptr<TensorSource> scales;
  bool mayBeInfinite = false;
};

// The tensor in its stored dtype on the CPU, with its view steps applied. Reads nothing unless a
// reshape needs a copy or the tensor is MXFP4, which is decoded to bfloat16 without loss.
// `add` is not applied. Throws CodedError ERR_FILE_FORMAT when the bytes end before the tensor
// does.
at::Tensor openTensor(const TensorSource& source, FileMappings& files);

// The tensor as `dtype` on `device`, `add` applied in float32. On the CPU an aligned tensor that
// already has the dtype stays a view of its file, and nothing of it has been read yet.
at::Tensor placeTensor(const TensorSource& source, FileMappings& files, at::ScalarType dtype,
                       at::Device device);

// The same, read through once: throws CodedError ERR_WEIGHT when a number is NaN, or infinite where
// the source doesn't allow it, or too large for the dtype.
at::Tensor loadTensor(const TensorSource& source, FileMappings& files, at::ScalarType dtype,
                      at::Device device);

// Whether two tensors are the same numbers of the same file, seen the same way.
bool isSameTensor(const TensorSource& a, const TensorSource& b);

// Lets go of the memory that pages of the tensor's file take, once its numbers have been copied.
void releasePages(const TensorSource& source, FileMappings& files);

// The same of a tensor that is a view of a file; does nothing to others.
void releasePages(const at::Tensor& tensor);

// Has such a tensor's pages read ahead of their use.
void readAhead(const at::Tensor& tensor);

// "[3, 4]", for messages.
std::string describeShape(at::IntArrayRef shape);

}  // namespace circuit_tracer
