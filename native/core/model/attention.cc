#include "model/attention.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <limits>

#include "model/norm.h"

namespace circuit_tracer {
namespace {

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::linear(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
}

at::Tensor headNorm(const ModelSpec& spec, const NormWeights& weights, const at::Tensor& x,
                    HookPoint point, int64_t layer, const Hook& hook) {
  NormHooks hooks;
  hooks.scale = [&](at::Tensor scale) { return hook(point, layer, std::move(scale)); };
  return applyNorm(Normalization::RmsNorm, spec.normEpsilon, weights, x, hooks);
}

// [n, past + n], true where a query must not look at a key: the future, and what the window has
// passed. Query i stands at position past + i.
at::Tensor hiddenKeys(int64_t n, int64_t past, int64_t window, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const at::Tensor query = at::arange(past, past + n, options);
  const at::Tensor key = at::arange(past + n, options);
  const at::Tensor distance = query.unsqueeze(1) - key.unsqueeze(0);
  at::Tensor hidden = distance < 0;
  if (window > 0) hidden = hidden | (distance >= window);
  return hidden;
}

// Appends rows to what is cached and returns all of it.
at::Tensor appendTo(at::Tensor& cached, const at::Tensor& rows) {
  cached = cached.defined() ? at::cat({cached, rows}) : rows;
  return cached;
}

// Softmax over keys in float32; a sink takes part in the sum and is then dropped.
at::Tensor softmaxOverKeys(const at::Tensor& scores, const at::Tensor& sinks) {
  at::Tensor logits = scores.to(at::kFloat);
  if (sinks.defined()) {
    auto shape = logits.sizes().vec();
    shape.back() = 1;
    const at::Tensor sink = sinks.to(at::kFloat).view({-1, 1, 1}).expand(shape);
    logits = at::cat({logits, sink}, -1);
    logits = at::softmax(logits, -1).slice(-1, 0, scores.size(-1));
  } else {
    logits = at::softmax(logits, -1);
  }
  return logits.to(scores.scalar_type());
}

// [..., n, kvHeads, dHead] -> [..., heads, n, dHead], each key/value head repeated for its group.
at::Tensor perQueryHead(const at::Tensor& x, int64_t headsPerKeyValueHead) {
  return x.repeat_interleave(headsPerKeyValueHead, -2).transpose(-3, -2);
}

}  // namespace

Rotation rotationAt(const RotaryTable& table, const at::Tensor& positions, at::ScalarType dtype) {
  const at::Tensor frequencies =
      at::tensor(table.frequencies, at::kDouble).to(positions.device(), at::kFloat);
  const at::Tensor angles = positions.to(at::kFloat).unsqueeze(1) * frequencies.unsqueeze(0);
  return {(angles.cos() * table.attentionFactor).to(dtype),
          (angles.sin() * table.attentionFactor).to(dtype)};
}

at::Tensor rotate(const at::Tensor& x, const Rotation& rotation) {
  const int64_t pairs = rotation.cos.size(-1);
  const at::Tensor cos = rotation.cos.unsqueeze(1);  // [n, 1, pairs]
  const at::Tensor sin = rotation.sin.unsqueeze(1);
  const at::Tensor a = x.slice(-1, 0, pairs);
  const at::Tensor b = x.slice(-1, pairs, 2 * pairs);
  const at::Tensor rest = x.slice(-1, 2 * pairs);
  return at::cat({a * cos - b * sin, b * cos + a * sin, rest}, -1);
}

at::Tensor attend(const ModelSpec& spec, const AttentionWeights& weights, int64_t layer,
                  const at::Tensor& x, const Hook& hook, KeyValueCache* cache) {
  const int64_t n = x.size(-2);
  const bool continues = cache != nullptr && cache->keys[layer].defined();
  const int64_t past = continues ? cache->keys[layer].size(0) : 0;
  at::Tensor q =
      linear(x, weights.queryWeight, weights.queryBias).unflatten(-1, {spec.nHeads, spec.dHead});
  at::Tensor k = linear(x, weights.keyWeight, weights.keyBias)
                     .unflatten(-1, {spec.nKeyValueHeads, spec.dHead});
  at::Tensor v = linear(x, weights.valueWeight, weights.valueBias)
                     .unflatten(-1, {spec.nKeyValueHeads, spec.dHead});
  q = hook(HookPoint::Query, layer, q);
  k = hook(HookPoint::Key, layer, k);
  v = hook(HookPoint::Value, layer, v);
  if (spec.queryKeyNorm) {
    q = headNorm(spec, weights.queryNorm, q, HookPoint::QueryNormScale, layer, hook);
    k = headNorm(spec, weights.keyNorm, k, HookPoint::KeyNormScale, layer, hook);
  }
  if (!spec.learnedPositions) {
    const at::Tensor positions = at::arange(past, past + n, x.options().dtype(at::kLong));
    const Rotation rotation = rotationAt(spec.rotary[layer], positions, x.scalar_type());
    q = hook(HookPoint::RotatedQuery, layer, rotate(q, rotation));
    k = hook(HookPoint::RotatedKey, layer, rotate(k, rotation));
  }
  if (cache != nullptr) {
    k = appendTo(cache->keys[layer], k);
    v = appendTo(cache->values[layer], v);
  }
  const int64_t group = spec.headsPerKeyValueHead();
  at::Tensor scores = at::matmul(q.transpose(-3, -2), perQueryHead(k, group).transpose(-2, -1));
  scores = scores * spec.attentionScale[layer];
  if (spec.attentionSoftcap > 0) {
    scores = (scores / spec.attentionSoftcap).tanh() * spec.attentionSoftcap;
  }
  const at::Tensor hidden = hiddenKeys(n, past, spec.slidingWindow[layer], x.device());
  scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
  scores = hook(HookPoint::AttentionScores, layer, scores);
  const at::Tensor pattern =
      hook(HookPoint::Pattern, layer, softmaxOverKeys(scores, weights.sinks));
  at::Tensor z = at::matmul(pattern, perQueryHead(v, group)).transpose(-3, -2);
  z = hook(HookPoint::Z, layer, z);
  return linear(z.flatten(-2), weights.outWeight, weights.outBias);
}

}  // namespace circuit_tracer
