#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "model/hook_point.h"

namespace circuit_tracer {

// Keeps the values of named hook points as a forward pass goes by.
class HookCapture {
 public:
  // Throws CodedError ERR_INVALID_ARGUMENT for a name that is no hook point.
  explicit HookCapture(const std::vector<std::string>& names) {
    for (const std::string& name : names) wanted_.emplace(parseHookName(name), name);
  }

  void see(HookPoint point, int64_t layer, const at::Tensor& value) {
    const auto found = wanted_.find({point, layer});
    if (found != wanted_.end()) values_[found->second] = value;
  }

  const std::map<std::string, at::Tensor>& values() const { return values_; }

 private:
  std::map<HookName, std::string> wanted_;
  std::map<std::string, at::Tensor> values_;
};

}  // namespace circuit_tracer
