#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>

#include "model/hook_point.h"
#include "model/model_spec.h"
#include "model/weights.h"

namespace circuit_tracer {

// What a norm lets its caller see and replace on the way: scale s [..., 1] and normalised value
// [..., D] before the gain, both float32.
struct NormHooks {
  std::function<at::Tensor(at::Tensor)> scale;
  std::function<at::Tensor(at::Tensor)> normalized;
};

// A norm's scale and, where named, its normalised value pass through these hook points of a layer.
NormHooks normHooks(const LayerHook& hook, HookPoint scale,
                    std::optional<HookPoint> normalized = std::nullopt);

// RMS: x / s * gain with s = sqrt(mean(x^2) + eps).
// LayerNorm: c / s * gain + bias with c = x - mean(x), s = sqrt(mean(c^2) + eps).
// Computed in float64 for float32 x, else in float32; result in x's dtype.
at::Tensor applyNorm(Normalization kind, double epsilon, const NormWeights& weights,
                     const at::Tensor& x, const NormHooks& hooks);

}  // namespace circuit_tracer
