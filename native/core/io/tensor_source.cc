#include "io/tensor_source.h"

#include <ATen/Functions.h>

#include <cstring>

#include "errors.h"
#include "finite.h"
#include "io/mxfp4.h"
#include "long_copy.h"

namespace circuit_tracer {
namespace {

int64_t byteSize(const TensorSource& source) {
  int64_t size = static_cast<int64_t>(c10::elementSize(source.dtype));
  for (const int64_t extent : source.shape) size *= extent;
  return size;
}

bool isAligned(const void* address, at::ScalarType dtype) {
  return reinterpret_cast<uintptr_t>(address) % c10::elementSize(dtype) == 0;
}

at::Tensor storedTensor(const TensorSource& source, FileMappings& files) {
  const auto options = at::TensorOptions().dtype(source.dtype);
  std::shared_ptr<MappedFile> mapping;
  uint8_t* begin = nullptr;
  int64_t available = 0;
  if (source.bytes.defined()) {
    begin = source.bytes.data_ptr<uint8_t>();
    available = source.bytes.numel();
  } else {
    mapping = files.open(source.file);
    begin = mapping->data();
    available = mapping->size();
  }
  const int64_t size = byteSize(source);
  require(source.offset >= 0 && source.offset <= available - size, "ERR_FILE_FORMAT", source.name,
          ": needs ", size, " bytes at offset ", source.offset, " but only ", available,
          " bytes are there; the file was changed or cut short since it was opened");
  uint8_t* address = begin + source.offset;
  if (!isAligned(address, source.dtype)) {
    at::Tensor copy = at::empty(source.shape, options);
    std::memcpy(copy.data_ptr(), address, size);
    return copy;
  }
  // The deleter owns the bytes, so they live until the last view of the tensor is gone.
  at::Tensor owner = source.bytes;
  return at::from_blob(
      address, source.shape, [mapping, owner](void*) {}, options);
}

at::Tensor applyStep(const at::Tensor& tensor, const ViewStep& step) {
  const auto& arguments = step.arguments;
  switch (step.kind) {
    case ViewStep::Kind::Reshape:
      return tensor.reshape(arguments);
    case ViewStep::Kind::Permute:
      return tensor.permute(arguments);
    case ViewStep::Kind::Slice:
      return tensor.slice(arguments.at(0), arguments.at(1), arguments.at(2));
    case ViewStep::Kind::Select:
      return tensor.select(arguments.at(0), arguments.at(1));
  }
  throw CodedError("ERR_NATIVE", "unknown view step");
}

// Bytes from a tensor's first number to its last, whatever lies between them.
int64_t extentOf(const at::Tensor& tensor) {
  if (tensor.numel() == 0) return 0;
  int64_t extent = 1;
  for (int64_t d = 0; d < tensor.dim(); ++d) extent += (tensor.size(d) - 1) * tensor.stride(d);
  return extent * static_cast<int64_t>(tensor.element_size());
}

// What has been copied needn't take memory as pages of its file, too.
void releaseIfCopied(const at::Tensor& tensor, const TensorSource& source, FileMappings& files) {
  if (!MappedFile::holds(tensor.const_data_ptr())) releasePages(source, files);
}

}  // namespace

at::Tensor openTensor(const TensorSource& source, FileMappings& files) {
  at::Tensor tensor = storedTensor(source, files);
  if (source.scales) tensor = decodeMxfp4(tensor, storedTensor(*source.scales, files));
  for (const ViewStep& step : source.view) tensor = applyStep(tensor, step);
  releaseIfCopied(tensor, source, files);
  return tensor;
}

at::Tensor placeTensor(const TensorSource& source, FileMappings& files, at::ScalarType dtype,
                       at::Device device) {
  at::Tensor tensor = openTensor(source, files);
  if (source.add != 0) tensor = tensor.to(at::kFloat).add(source.add);
  tensor = longConversion(tensor, device, dtype);
  releaseIfCopied(tensor, source, files);
  return tensor;
}

at::Tensor loadTensor(const TensorSource& source, FileMappings& files, at::ScalarType dtype,
                      at::Device device) {
  at::Tensor tensor = placeTensor(source, files, dtype, device);
  if (source.mayBeInfinite) {
    requireSameInfinities(openTensor(source, files), tensor, source.name);
  } else {
    requireFiniteWeight(tensor, source.name);
  }
  return tensor;
}

bool isSameTensor(const TensorSource& a, const TensorSource& b) {
  const bool plain = a.view.empty() && b.view.empty() && !a.scales && !b.scales;
  return plain && !a.file.empty() && a.file == b.file && a.offset == b.offset &&
         a.dtype == b.dtype && a.shape == b.shape && a.add == b.add;
}

void releasePages(const TensorSource& source, FileMappings& files) {
  if (source.scales) releasePages(*source.scales, files);
  if (!source.file.empty()) files.open(source.file)->release(source.offset, byteSize(source));
}

void releasePages(const at::Tensor& tensor) {
  MappedFile::releaseIfHeld(tensor.const_data_ptr(), extentOf(tensor));
}

void readAhead(const at::Tensor& tensor) {
  MappedFile::readAheadIfHeld(tensor.const_data_ptr(), extentOf(tensor));
}

std::string describeShape(at::IntArrayRef shape) {
  std::ostringstream text;
  text << "[";
  for (size_t i = 0; i < shape.size(); ++i) text << (i ? ", " : "") << shape[i];
  text << "]";
  return text.str();
}

}  // namespace circuit_tracer
