#include "model/mlp.h"

#include <ATen/Functions.h>
#include <ATen/TensorIndexing.h>
#include <ATen/TensorOperators.h>

#include <optional>

#include "errors.h"
#include "long_product.h"

namespace circuit_tracer {
namespace {

// gpt-oss: gate is clamped from above, up on both sides; gate * sigmoid(1.702 * gate) approximates
// GELU.
constexpr double kGptOssLimit = 7.0;
constexpr double kGptOssAlpha = 1.702;

at::Tensor activate(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::Gelu:
      return at::gelu(x);
    case Activation::GeluTanh:
      return at::gelu(x, "tanh");
    case Activation::Silu:
      return at::silu(x);
    case Activation::Relu:
      return at::relu(x);
    case Activation::GptOssGlu:
      break;
  }
  throw CodedError("ERR_UNSUPPORTED_MODEL", "this activation needs a gate and an up projection");
}

at::Tensor gatedActivation(Activation activation, const at::Tensor& gate, const at::Tensor& up) {
  if (activation != Activation::GptOssGlu) return activate(activation, gate) * up;
  const at::Tensor clampedGate = gate.clamp_max(kGptOssLimit);
  const at::Tensor clampedUp = up.clamp(-kGptOssLimit, kGptOssLimit);
  return (clampedUp + 1) * clampedGate * at::sigmoid(clampedGate * kGptOssAlpha);
}

// One expert on its tokens x [tokens, D]. Even rows of the first matrix are gate, odd rows up.
at::Tensor applyExpert(const ModelSpec& spec, const MlpWeights& weights, int64_t expert,
                       const at::Tensor& x) {
  const auto of = [expert](const at::Tensor& all) {
    return all.defined() ? all.select(0, expert) : at::Tensor();
  };
  const at::Tensor gateUp = longLinear(x, of(weights.gateUpWeight), of(weights.gateUpBias));
  const at::Tensor gate = gateUp.slice(-1, 0, std::nullopt, 2);
  const at::Tensor up = gateUp.slice(-1, 1, std::nullopt, 2);
  const at::Tensor hidden = gatedActivation(spec.activation, gate, up);
  return longLinear(hidden, of(weights.downWeight), of(weights.downBias));
}

// Each token goes to its top experts, weighted by a softmax over those experts' router logits only.
at::Tensor mixExperts(const ModelSpec& spec, const MlpWeights& weights, const at::Tensor& input) {
  const at::Tensor x = input.reshape({-1, spec.dModel});
  const at::Tensor router = longLinear(x, weights.routerWeight, weights.routerBias);
  const auto [top, experts] = router.topk(spec.nExpertsPerToken, -1);
  const at::Tensor share = at::softmax(top.to(at::kFloat), -1).to(x.scalar_type());
  at::Tensor out = at::zeros_like(x);
  for (int64_t expert = 0; expert < spec.nExperts; ++expert) {
    const at::Tensor chosen = at::nonzero(experts == expert);  // [uses, 2] of (token, rank)
    if (chosen.size(0) == 0) continue;
    const at::Tensor token = chosen.select(1, 0);
    const at::Tensor weight = share.index({token, chosen.select(1, 1)}).unsqueeze(1);
    const at::Tensor result = applyExpert(spec, weights, expert, x.index_select(0, token));
    out = out.index_add(0, token, result * weight);
  }
  return out.view(input.sizes());
}

}  // namespace

at::Tensor applyMlp(const ModelSpec& spec, const MlpWeights& weights, const at::Tensor& x) {
  if (spec.mlp == MlpKind::Experts) return mixExperts(spec, weights, x);
  const at::Tensor in = longLinear(x, weights.inWeight, weights.inBias);
  const at::Tensor hidden =
      spec.mlp == MlpKind::Gated
          ? gatedActivation(spec.activation, longLinear(x, weights.gateWeight, weights.gateBias),
                            in)
          : activate(spec.activation, in);
  return longLinear(hidden, weights.outWeight, weights.outBias);
}

}  // namespace circuit_tracer
