#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// Rotated keys and values of the positions a model has already seen: [length, kvHeads, dHead] per
// layer. A forward pass that is given one continues after them and appends its own.
struct KeyValueCache {
  explicit KeyValueCache(int64_t nLayers) : keys(nLayers), values(nLayers) {}

  int64_t length() const { return keys.front().defined() ? keys.front().size(0) : 0; }

  std::vector<at::Tensor> keys, values;
};

}  // namespace circuit_tracer
