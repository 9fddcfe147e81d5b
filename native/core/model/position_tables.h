#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/model_spec.h"

namespace circuit_tracer {

// cos and sin of a rotation, [n, pairs] each.
struct Rotation {
  at::Tensor cos, sin;
};

// Angles position * frequency, computed in float32, times the table's attention factor.
// positions: int64 [n].
Rotation rotationAt(const RotaryTable& table, const at::Tensor& positions, at::ScalarType dtype);

// Rotates the first 2 * pairs dimensions of x [..., n, heads, dHead]; dimension t pairs with
// t + pairs.
at::Tensor rotate(const at::Tensor& x, const Rotation& rotation);

// What attention needs to know of the positions of one forward pass: queries stand at past ..
// past + n - 1, keys at 0 .. past + n - 1. Computed once for all layers with the same rotary table
// or the same window.
class PositionTables {
 public:
  // options: device and dtype of the residual stream.
  PositionTables(const ModelSpec& spec, int64_t past, int64_t n, const at::TensorOptions& options);

  // Undefined tensors in a model with learned positions.
  const Rotation& rotation(int64_t layer) const { return rotations_[layer]; }
  // [n, past + n], true where a query must not look at a key: in the future, or behind the window.
  const at::Tensor& hiddenKeys(int64_t layer) const { return hiddenKeys_[layer]; }

 private:
  std::vector<Rotation> rotations_;     // per layer; equal ones share their tensors
  std::vector<at::Tensor> hiddenKeys_;  // likewise
};

}  // namespace circuit_tracer
