#include "model/transformer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "errors.h"
#include "job_control.h"
#include "long_copy.h"
#include "long_product.h"
#include "model/attention.h"
#include "model/mlp.h"
#include "model/norm.h"

namespace circuit_tracer {
namespace {

// A norm of layer `layer` whose scale and normalised value pass through the given hook points.
at::Tensor hookedNorm(const ModelSpec& spec, const NormWeights& weights, const at::Tensor& x,
                      int64_t layer, const Hook& hook, HookPoint scalePoint,
                      std::optional<HookPoint> normalizedPoint) {
  NormHooks hooks;
  hooks.scale = [&](at::Tensor s) { return hook(scalePoint, layer, std::move(s)); };
  if (normalizedPoint) {
    hooks.normalized = [&](at::Tensor v) { return hook(*normalizedPoint, layer, std::move(v)); };
  }
  return applyNorm(spec.normalization, spec.normEpsilon, weights, x, hooks);
}

at::Tensor attentionOut(const ModelSpec& spec, const BlockWeights& block, int64_t layer,
                        const at::Tensor& residual, const Hook& hook, KeyValueCache* cache) {
  const at::Tensor in = hookedNorm(spec, block.ln1, residual, layer, hook, HookPoint::Ln1Scale,
                                   HookPoint::Ln1Normalized);
  at::Tensor out = attend(spec, block.attention, layer, in, hook, cache);
  if (spec.postNorms) {
    out = hookedNorm(spec, block.ln1Post, out, layer, hook, HookPoint::Ln1PostScale, std::nullopt);
  }
  return hook(HookPoint::AttentionOut, layer, out);
}

at::Tensor mlpOut(const ModelSpec& spec, const BlockWeights& block, int64_t layer,
                  const at::Tensor& residual, const Hook& hook) {
  at::Tensor in = hookedNorm(spec, block.ln2, residual, layer, hook, HookPoint::Ln2Scale,
                             HookPoint::Ln2Normalized);
  in = hook(HookPoint::MlpIn, layer, in);
  at::Tensor out = hook(HookPoint::RawMlpOut, layer, applyMlp(spec, block.mlp, in));
  if (spec.postNorms) {
    out = hookedNorm(spec, block.ln2Post, out, layer, hook, HookPoint::Ln2PostScale, std::nullopt);
  }
  return hook(HookPoint::MlpOut, layer, out);
}

at::Tensor runBlock(const ModelSpec& spec, const BlockWeights& block, int64_t layer,
                    at::Tensor residual, const Hook& hook, KeyValueCache* cache) {
  residual = hook(HookPoint::ResidPre, layer, residual);
  const at::Tensor attention = attentionOut(spec, block, layer, residual, hook, cache);
  at::Tensor middle = residual + attention;
  if (!spec.parallelBlocks) middle = hook(HookPoint::ResidMid, layer, middle);
  const at::Tensor& mlpSource = spec.parallelBlocks ? residual : middle;
  return hook(HookPoint::ResidPost, layer, middle + mlpOut(spec, block, layer, mlpSource, hook));
}

// cap * tanh(logits / cap) of logits [n, V], some rows at a time.
at::Tensor softcapped(const at::Tensor& logits, double cap) {
  at::Tensor out = at::empty_like(logits);
  const int64_t rows = logits.size(0), together = polledRows(logits.size(-1));
  for (int64_t begin = 0; begin < rows; begin += together) {
    pollJob();
    const int64_t end = std::min(begin + together, rows);
    out.slice(0, begin, end).copy_((logits.slice(0, begin, end) / cap).tanh() * cap);
  }
  return out;
}

}  // namespace

Transformer::Transformer(ModelSpec spec, const std::map<std::string, TensorSource>& sources,
                         at::ScalarType dtype, at::Device device, bool lazyWeights,
                         const JobControl& control)
    : spec_(std::move(spec)),
      dtype_(dtype),
      device_(device),
      weights_(loadModelWeights(spec_, sources, dtype, device, lazyWeights, control)) {}

const ModelWeights& Transformer::weights() const {
  readWeights(weights_);
  return weights_;
}

at::Tensor Transformer::tokenTensor(at::ArrayRef<int64_t> tokens) const {
  return at::tensor(tokens, at::kLong).to(device_);
}

at::Tensor Transformer::embed(const at::Tensor& tokens) const {
  at::Tensor rows = at::embedding(weights().embedding, tokens);
  if (spec_.embeddingScale == 1) return rows;
  // The scale is rounded to the compute dtype first, as Hugging Face does.
  return rows * at::full({}, spec_.embeddingScale, rows.options());
}

at::Tensor Transformer::forward(const at::Tensor& tokens, const Hook& hook,
                                KeyValueCache* cache) const {
  const ModelWeights& weights = this->weights();
  constexpr int64_t kNoLayer = -1;
  at::Tensor residual = hook(HookPoint::Embed, kNoLayer, embed(tokens));
  if (spec_.learnedPositions) {
    const int64_t past = cache != nullptr ? cache->length() : 0;
    const at::Tensor positions = weights.positionEmbedding.slice(0, past, past + tokens.size(-1));
    residual = residual + hook(HookPoint::PositionEmbed, kNoLayer, positions);
  }
  for (int64_t layer = 0; layer < spec_.nLayers; ++layer) {
    residual = runBlock(spec_, weights.blocks[layer], layer, residual, hook, cache);
  }
  at::Tensor out = hookedNorm(spec_, weights.finalNorm, residual, kNoLayer, hook,
                              HookPoint::FinalScale, HookPoint::FinalNormalized);
  out = hook(HookPoint::UnembedPre, kNoLayer, out);
  at::Tensor logits = longLinear(out, weights.unembedding, weights.unembeddingBias);
  logits = hook(HookPoint::UnembedPost, kNoLayer, logits);
  return spec_.logitSoftcap > 0 ? softcapped(logits, spec_.logitSoftcap) : logits;
}

}  // namespace circuit_tracer
