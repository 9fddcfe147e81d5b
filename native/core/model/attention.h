#pragma once

#include <ATen/core/Tensor.h>

#include "model/hook_point.h"
#include "model/key_value_cache.h"
#include "model/model_spec.h"
#include "model/weights.h"

namespace circuit_tracer {

// cos and sin of one layer's rotation, [n, pairs] each.
struct Rotation {
  at::Tensor cos, sin;
};

// Angles position * frequency, computed in float32, times the table's attention factor.
Rotation rotationAt(const RotaryTable& table, const at::Tensor& positions, at::ScalarType dtype);

// Rotates the first 2 * pairs dimensions of x [..., n, heads, dHead]; dimension t pairs with
// t + pairs.
at::Tensor rotate(const at::Tensor& x, const Rotation& rotation);

// Grouped-query attention of one layer over x [..., n, D]: [..., n, D] before any post norm. With a
// cache (x [n, D] only), x continues after the cached positions and is appended to them.
at::Tensor attend(const ModelSpec& spec, const AttentionWeights& weights, int64_t layer,
                  const at::Tensor& x, const Hook& hook, KeyValueCache* cache);

}  // namespace circuit_tracer
