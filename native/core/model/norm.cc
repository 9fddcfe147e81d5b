#include "model/norm.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace circuit_tracer {

at::Tensor applyNorm(Normalization kind, double epsilon, const NormWeights& weights,
                     const at::Tensor& x, const NormHooks& hooks) {
  at::Tensor centred = x.to(at::kFloat);
  if (kind == Normalization::LayerNorm) centred = centred - centred.mean(-1, true);
  at::Tensor scale = centred.square().mean(-1, true).add(epsilon).sqrt();
  if (hooks.scale) scale = hooks.scale(scale);
  at::Tensor normalized = centred / scale;
  if (hooks.normalized) normalized = hooks.normalized(normalized);
  at::Tensor out = normalized * weights.gain;
  if (weights.bias.defined()) out = out + weights.bias;
  return out.to(x.scalar_type());
}

}  // namespace circuit_tracer
