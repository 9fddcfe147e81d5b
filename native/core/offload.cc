#include "offload.h"

#include <ATen/Functions.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>

#include "errors.h"
#include "io/mapped_file.h"
#include "io/tensor_source.h"
#include "job_control.h"

namespace circuit_tracer {
namespace {

std::string reasonOf(int failure) {
  if (failure == ENOENT) {
    return "the folder is gone: something removed it while it was in use. Run it again, with "
           "TMPDIR "
           "set to a folder that nothing clears, or with offload 'cpu'";
  }
  if (failure == ENOSPC || failure == EDQUOT) {
    return "the disk is full. Free some space, set TMPDIR to another disk, or use offload 'cpu'";
  }
  return std::strerror(failure);
}

void writeNumbers(const at::Tensor& numbers, const std::string& file) {
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  out.write(static_cast<const char*>(numbers.const_data_ptr()),
            static_cast<std::streamsize>(numbers.nbytes()));
  out.close();
  if (!out.fail()) return;
  const int failure = errno;
  std::remove(file.c_str());
  throw CodedError("ERR_FILE_WRITE", file + ": can't write " + std::to_string(numbers.nbytes()) +
                                         " bytes of offloaded weights: " + reasonOf(failure));
}

}  // namespace

void Offload::park(const std::vector<at::Tensor*>& tensors) {
  if (where_.empty()) return;
  std::map<c10::TensorImpl*, std::vector<at::Tensor*>> placesOf;
  for (at::Tensor* tensor : tensors) {
    pollJob();
    if (tensor == nullptr || !tensor->defined() || tensor->numel() == 0) continue;
    placesOf[tensor->unsafeGetTensorImpl()].push_back(tensor);
  }
  for (const auto& [tensor, places] : placesOf) {
    pollJob();
    parkOne(places);
  }
}

void Offload::parkOne(const std::vector<at::Tensor*>& places) {
  const at::Tensor tensor = *places.front();
  const at::Device device = tensor.device();
  const bool onDisk = where_ != "cpu";
  if (device.is_cpu() && (!onDisk || MappedFile::holds(tensor.const_data_ptr()))) {
    if (onDisk) releasePages(tensor);
    return;
  }
  const std::string file = onDisk ? where_ + "/" + std::to_string(parked_.size()) + ".bin" : "";
  const at::Tensor moved = onDisk ? writeToDisk(tensor, file) : tensor.to(at::kCPU);
  parked_.push_back({places, device, file});
  for (at::Tensor* place : places) *place = moved;
}

at::Tensor Offload::writeToDisk(const at::Tensor& tensor, const std::string& file) {
  // Strides are kept: another layout would send the same product down another path of the BLAS,
  // and give other last bits.
  const at::Tensor host = tensor.is_non_overlapping_and_dense() ? tensor.to(at::kCPU)
                                                                : tensor.to(at::kCPU).contiguous();
  writeNumbers(host, file);
  auto mapping = std::make_shared<MappedFile>(file);
  files_.add(mapping);
  return at::from_blob(
      mapping->data(), host.sizes(), host.strides(), [mapping](void*) {},
      at::TensorOptions(host.scalar_type()));
}

Offload::~Offload() {
  for (const Parked& parked : parked_) {
    const bool fromDisk = !parked.file.empty();
    const at::Tensor& moved = *parked.places.front();
    const at::Tensor back =
        parked.device.is_cpu() && fromDisk ? moved.clone() : moved.to(parked.device);
    for (at::Tensor* place : parked.places) *place = back;
    if (fromDisk) std::remove(parked.file.c_str());
  }
}

}  // namespace circuit_tracer
