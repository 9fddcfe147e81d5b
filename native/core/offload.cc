#include "offload.h"

#include <ATen/Functions.h>

#include <cstdio>
#include <fstream>

#include "errors.h"
#include "io/mapped_file.h"

namespace circuit_tracer {

void Offload::park(const std::vector<at::Tensor*>& tensors) {
  if (where_.empty()) return;
  for (at::Tensor* tensor : tensors) {
    if (tensor == nullptr || !tensor->defined() || tensor->numel() == 0) continue;
    const at::Device device = tensor->device();
    if (where_ != "cpu") {
      if (device.is_cpu() && MappedFile::holds(tensor->const_data_ptr())) continue;
      parkOnDisk(*tensor);
    } else if (!device.is_cpu()) {
      parked_.push_back({tensor, device, ""});
      *tensor = tensor->to(at::kCPU);
    }
  }
}

void Offload::parkOnDisk(at::Tensor& tensor) {
  const std::string file = where_ + "/" + std::to_string(parked_.size()) + ".bin";
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
  parked_.push_back({&tensor, tensor.device(), file});
  auto mapping = std::make_shared<MappedFile>(file);
  tensor = at::from_blob(
      mapping->data(), host.sizes(), host.strides(), [mapping](void*) {},
      at::TensorOptions(host.scalar_type()));
}

Offload::~Offload() {
  for (const Parked& parked : parked_) {
    const bool fromDisk = !parked.file.empty();
    *parked.place = parked.device.is_cpu() && fromDisk ? parked.place->clone()
                                                       : parked.place->to(parked.device);
    if (fromDisk) std::remove(parked.file.c_str());
  }
}

}  // namespace circuit_tracer
