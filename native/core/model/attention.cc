#include "model/attention.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <limits>

#include "job_control.h"
#include "long_copy.h"
#include "long_product.h"
#include "model/norm.h"

namespace circuit_tracer {
namespace {

at::Tensor headNorm(const ModelSpec& spec, const NormWeights& weights, const at::Tensor& x,
                    HookPoint point, int64_t layer, const Hook& hook) {
  NormHooks hooks;
  hooks.scale = [&](at::Tensor scale) { return hook(point, layer, std::move(scale)); };
  return applyNorm(Normalization::RmsNorm, spec.normEpsilon, weights, x, hooks);
}

// [queries, keys], true where a query must not look at a key: the future, and what the window has
// passed. The first query stands at position `first`, the first key at 0.
at::Tensor hiddenKeys(int64_t first, int64_t queries, int64_t keys, int64_t window,
                      at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const at::Tensor query = at::arange(first, first + queries, options);
  const at::Tensor key = at::arange(keys, options);
  const at::Tensor distance = query.unsqueeze(1) - key.unsqueeze(0);
  at::Tensor hidden = distance < 0;
  if (window > 0) hidden = hidden | (distance >= window);
  return hidden;
}

// Scaled scores [heads, queries, keys] of queries [heads, queries, dHead], the first of them at
// position `first`, for keys [heads, dHead, keys].
at::Tensor maskedScores(const ModelSpec& spec, int64_t layer, const at::Tensor& queries,
                        const at::Tensor& keys, int64_t first) {
  at::Tensor scores = at::matmul(queries, keys) * spec.attentionScale[layer];
  if (spec.attentionSoftcap > 0) {
    scores = (scores / spec.attentionSoftcap).tanh() * spec.attentionSoftcap;
  }
  const at::Tensor hidden = hiddenKeys(first, queries.size(-2), keys.size(-1),
                                       spec.slidingWindow[layer], queries.device());
  return scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
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

// What ofQueries(begin, end) gives for all n queries, put together along dimension -2: some queries
// at a time where all have many scores, with a poll before each.
template <typename OfQueries>
at::Tensor forQueries(int64_t n, int64_t scoresOfQuery, const OfQueries& ofQueries) {
  const int64_t together = polledRows(scoresOfQuery);
  pollJob();
  if (n <= together) return ofQueries(0, n);
  at::Tensor out;
  for (int64_t begin = 0; begin < n; begin += together) {
    pollJob();
    const int64_t end = std::min(begin + together, n);
    const at::Tensor part = ofQueries(begin, end);
    if (!out.defined()) {
      auto shape = part.sizes().vec();
      shape.end()[-2] = n;
      out = at::empty(shape, part.options());
    }
    out.slice(-2, begin, end).copy_(part);
  }
  return out;
}

// Of all queries q [n, heads, dHead], the first at position `past`: [heads, n, past + n].
at::Tensor allScores(const ModelSpec& spec, int64_t layer, const at::Tensor& q, const at::Tensor& k,
                     int64_t past) {
  const at::Tensor queries = q.transpose(-3, -2);
  const at::Tensor keys = perQueryHead(k, spec.headsPerKeyValueHead()).transpose(-2, -1);
  return forQueries(queries.size(-2), spec.nHeads * keys.size(-1), [&](int64_t begin, int64_t end) {
    return maskedScores(spec, layer, queries.slice(-2, begin, end), keys, past + begin);
  });
}

at::Tensor patternOf(const at::Tensor& scores, const at::Tensor& sinks) {
  const int64_t n = scores.size(-2);
  return forQueries(n, scores.size(-3) * scores.size(-1), [&](int64_t begin, int64_t end) {
    return softmaxOverKeys(scores.slice(-2, begin, end), sinks);
  });
}

// pattern [heads, n, keys] times values [heads, keys, dHead].
at::Tensor mixValues(const at::Tensor& pattern, const at::Tensor& values) {
  const int64_t n = pattern.size(-2);
  return forQueries(n, pattern.size(-3) * pattern.size(-1), [&](int64_t begin, int64_t end) {
    return at::matmul(pattern.slice(-2, begin, end), values);
  });
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
  at::Tensor q = longLinear(x, weights.queryWeight, weights.queryBias)
                     .unflatten(-1, {spec.nHeads, spec.dHead});
  at::Tensor k = longLinear(x, weights.keyWeight, weights.keyBias)
                     .unflatten(-1, {spec.nKeyValueHeads, spec.dHead});
  at::Tensor v = longLinear(x, weights.valueWeight, weights.valueBias)
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
  const at::Tensor scores =
      hook(HookPoint::AttentionScores, layer, allScores(spec, layer, q, k, past));
  const at::Tensor pattern = hook(HookPoint::Pattern, layer, patternOf(scores, weights.sinks));
  at::Tensor z = mixValues(pattern, perQueryHead(v, spec.headsPerKeyValueHead()));
  z = z.transpose(-3, -2);
  z = hook(HookPoint::Z, layer, z);
  return longLinear(z.flatten(-2), weights.outWeight, weights.outBias);
}

}  // namespace circuit_tracer
