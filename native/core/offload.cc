#include "offload.h"

#include <ATen/Functions.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "errors.h"
#include "io/mapped_file.h"
#include "io/tensor_source.h"
#include "job_control.h"

namespace circuit_tracer {

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

at::Tensor Offload::writeToDisk(const at::Tensor& tensor, const std::string& file) const {
  // Strides are kept: another layout would send the same product down another path of the BLAS,
  // and give other last bits.
  const at::Tensor host = tensor.is_non_overlapping_and_dense() ? tensor.to(at::kCPU)
                                                                : tensor.to(at::kCPU).contiguous();
  std::ofstream out(file, std::ios::binary);
  out.write(static_cast<const char*>(host.const_data_ptr()),
            static_cast<std::streamsize>(host.nbytes()));
  out.close();
  if (out.fail()) std::remove(file.c_str());
  require(!out.fail(), "ERR_FILE_WRITE", "can't write ", host.nbytes(),
          " bytes of offloaded weights to ", file, "; is the disk full?");
  auto mapping = std::make_shared<MappedFile>(file);
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
