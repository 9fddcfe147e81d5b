#include "binding/host_floats.h"

#include <ATen/Functions.h>

#include "job_control.h"
#include "long_copy.h"

namespace circuit_tracer {

at::Tensor hostFloats(const at::Tensor& tensor) {
  return longConversion(tensor, at::kCPU, at::kFloat).contiguous();
}

std::map<std::string, at::Tensor> hostFloats(const std::map<std::string, at::Tensor>& tensors) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, tensor] : tensors) out.emplace(name, hostFloats(tensor));
  return out;
}

at::Tensor stackedHostFloats(const std::vector<at::Tensor>& tensors) {
  auto shape = tensors.at(0).sizes().vec();
  shape.insert(shape.begin(), static_cast<int64_t>(tensors.size()));
  at::Tensor out = at::empty(shape, at::kFloat);
  for (size_t i = 0; i < tensors.size(); ++i) {
    pollJob();
    out[static_cast<int64_t>(i)].copy_(tensors[i]);
  }
  return out;
}

}  // namespace circuit_tracer
