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

// Queries, keys and values of all heads: [..., n, heads, dHead], keys and values with kvHeads.
struct Projections {
  at::Tensor q, k, v;
};

// Projections of x [..., n, D] as the attention uses them: normalised and rotated.
Projections project(const ModelSpec& spec, const AttentionWeights& weights,
                    const PositionTables& positions, const at::Tensor& x, const LayerHook& hook) {
  const auto byHead = [&](const at::Tensor& weight, const at::Tensor& bias, int64_t heads) {
    // [..., n, heads * dHead] -> [..., n, heads, dHead]
    return longLinear(x, weight, bias).unflatten(-1, {heads, spec.dHead});
  };
  const auto headNorm = [&](const NormWeights& norm, const at::Tensor& rows, HookPoint scale) {
    return applyNorm(Normalization::RmsNorm, spec.normEpsilon, norm, rows, normHooks(hook, scale));
  };
  at::Tensor q = byHead(weights.queryWeight, weights.queryBias, spec.nHeads);
  at::Tensor k = byHead(weights.keyWeight, weights.keyBias, spec.nKeyValueHeads);
  at::Tensor v = byHead(weights.valueWeight, weights.valueBias, spec.nKeyValueHeads);
  q = hook(HookPoint::Query, q);
  k = hook(HookPoint::Key, k);
  v = hook(HookPoint::Value, v);
  if (spec.queryKeyNorm) {
    q = headNorm(weights.queryNorm, q, HookPoint::QueryNormScale);
    k = headNorm(weights.keyNorm, k, HookPoint::KeyNormScale);
  }
  if (!spec.learnedPositions) {
    q = hook(HookPoint::RotatedQuery, rotate(q, positions.rotation(hook.layer)));
    k = hook(HookPoint::RotatedKey, rotate(k, positions.rotation(hook.layer)));
  }
  return {q, k, v};
}

// Scaled scores [..., heads, queries, keys] of queries [..., heads, queries, dHead] for keys
// [..., heads, dHead, keys]; -inf where `hidden` [queries, keys].
at::Tensor maskedScores(const ModelSpec& spec, int64_t layer, const at::Tensor& queries,
                        const at::Tensor& keys, const at::Tensor& hidden) {
  at::Tensor scores = at::matmul(queries, keys) * spec.attentionScale[layer];
  if (spec.attentionSoftcap > 0) {
    scores = (scores / spec.attentionSoftcap).tanh() * spec.attentionSoftcap;
  }
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

// Joins ofQueries(begin, end) for all n queries along dimension -2. Queries with many scores are
// taken some at a time, with a poll before each part.
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

// Scores [..., heads, n, keys] of queries q [..., n, heads, dHead] for k [..., keys, kvHeads,
// dHead], where keys = past + n.
at::Tensor allScores(const ModelSpec& spec, int64_t layer, const at::Tensor& q, const at::Tensor& k,
                     const at::Tensor& hidden) {
  const at::Tensor queries = q.transpose(-3, -2);  // [..., heads, n, dHead]
  const at::Tensor keys =                          // [..., heads, dHead, keys]
      perQueryHead(k, spec.headsPerKeyValueHead()).transpose(-2, -1);
  return forQueries(queries.size(-2), spec.nHeads * keys.size(-1), [&](int64_t begin, int64_t end) {
    return maskedScores(spec, layer, queries.slice(-2, begin, end), keys,
                        hidden.slice(0, begin, end));
  });
}

// Pattern [..., heads, n, keys] of scores of the same shape.
at::Tensor patternOf(const at::Tensor& scores, const at::Tensor& sinks) {
  const int64_t n = scores.size(-2);
  return forQueries(n, scores.size(-3) * scores.size(-1), [&](int64_t begin, int64_t end) {
    return softmaxOverKeys(scores.slice(-2, begin, end), sinks);
  });
}

// [..., heads, n, dHead]: pattern [..., heads, n, keys] times values [..., heads, keys, dHead].
at::Tensor mixValues(const at::Tensor& pattern, const at::Tensor& values) {
  const int64_t n = pattern.size(-2);
  return forQueries(n, pattern.size(-3) * pattern.size(-1), [&](int64_t begin, int64_t end) {
    return at::matmul(pattern.slice(-2, begin, end), values);
  });
}

}  // namespace

at::Tensor attend(const ModelSpec& spec, const AttentionWeights& weights,
                  const PositionTables& positions, const at::Tensor& x, const LayerHook& hook,
                  KeyValueCache* cache) {
  const int64_t layer = hook.layer;
  auto [q, k, v] = project(spec, weights, positions, x, hook);
  if (cache != nullptr) {
    k = appendTo(cache->keys[layer], k);  // [past + n, kvHeads, dHead]
    v = appendTo(cache->values[layer], v);
  }
  const at::Tensor scores =
      hook(HookPoint::AttentionScores, allScores(spec, layer, q, k, positions.hiddenKeys(layer)));
  const at::Tensor pattern = hook(HookPoint::Pattern, patternOf(scores, weights.sinks));
  const at::Tensor mixed =  // [..., heads, n, dHead]
      mixValues(pattern, perQueryHead(v, spec.headsPerKeyValueHead()));
  const at::Tensor z = hook(HookPoint::Z, mixed.transpose(-3, -2));  // [..., n, heads, dHead]
  // [..., n, heads * dHead] -> [..., n, D]
  return longLinear(z.flatten(-2), weights.outWeight, weights.outBias);
}

}  // namespace circuit_tracer
