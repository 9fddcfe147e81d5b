#include "model/norm.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <utility>

namespace circuit_tracer {
namespace {

// A norm's rounding errors are felt in all that follows, so that float32 alone would make
// probabilities depend on the processor's kernels in the sixth digit. Metal has no float64.
at::ScalarType statisticsType(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat && !x.is_mps() ? at::kDouble : at::kFloat;
}

// The value, unless the hook puts another in its place. Hooks see float32.
at::Tensor hooked(const std::function<at::Tensor(at::Tensor)>& hook, const at::Tensor& value) {
  if (!hook) return value;
  const at::Tensor shown = value.to(at::kFloat);
  const at::Tensor answer = hook(shown);
  return answer.is_same(shown) ? value : answer;
}

}  // namespace

NormHooks normHooks(const LayerHook& hook, HookPoint scale, std::optional<HookPoint> normalized) {
  NormHooks hooks;
  hooks.scale = [hook, scale](at::Tensor s) { return hook(scale, std::move(s)); };
  if (normalized) {
    hooks.normalized = [hook, point = *normalized](at::Tensor value) {
      return hook(point, std::move(value));
    };
  }
  return hooks;
}

at::Tensor applyNorm(Normalization kind, double epsilon, const NormWeights& weights,
                     const at::Tensor& x, const NormHooks& hooks) {
  at::Tensor centred = x.to(statisticsType(x));
  if (kind == Normalization::LayerNorm) centred = centred - centred.mean(-1, true);
  const at::Tensor scale = hooked(hooks.scale, centred.square().mean(-1, true).add(epsilon).sqrt());
  at::Tensor out = hooked(hooks.normalized, centred / scale) * weights.gain;
  if (weights.bias.defined()) out = out + weights.bias;
  return out.to(x.scalar_type());
}

}  // namespace circuit_tracer
