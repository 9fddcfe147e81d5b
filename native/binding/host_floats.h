#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace circuit_tracer {

// Tensors as JavaScript gets them: float32, contiguous, in main memory. Made on the engine's
// thread, so that nothing is left to convert on the JS thread.
at::Tensor hostFloats(const at::Tensor& tensor);
std::map<std::string, at::Tensor> hostFloats(const std::map<std::string, at::Tensor>& tensors);
// Tensors of one shape as one, with a first dimension more.
at::Tensor stackedHostFloats(const std::vector<at::Tensor>& tensors);

}  // namespace circuit_tracer
