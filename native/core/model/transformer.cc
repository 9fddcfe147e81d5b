#include "model/transformer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "job_control.h"
#include "long_copy.h"
#include "long_product.h"
#include "model/attention.h"
#include "model/mlp.h"
#include "model/norm.h"
#include "model/position_tables.h"

namespace circuit_tracer {
namespace {

// What all blocks of one forward pass share.
struct Pass {
  const ModelSpec& spec;
  const PositionTables& positions;
  KeyValueCache* cache;
};

at::Tensor norm(const ModelSpec& spec, const NormWeights& weights, const at::Tensor& x,
                const NormHooks& hooks) {
  return applyNorm(spec.normalization, spec.normEpsilon, weights, x, hooks);
}

// residual and result: [..., n, D].
at::Tensor attentionOut(const Pass& pass, const BlockWeights& block, const at::Tensor& residual,
                        const LayerHook& hook) {
  const at::Tensor in = norm(pass.spec, block.ln1, residual,
                             normHooks(hook, HookPoint::Ln1Scale, HookPoint::Ln1Normalized));
  at::Tensor out = attend(pass.spec, block.attention, pass.positions, in, hook, pass.cache);
  if (pass.spec.postNorms) {
    out = norm(pass.spec, block.ln1Post, out, normHooks(hook, HookPoint::Ln1PostScale));
  }
  return hook(HookPoint::AttentionOut, out);
}

at::Tensor mlpOut(const ModelSpec& spec, const BlockWeights& block, const at::Tensor& residual,
                  const LayerHook& hook) {
  at::Tensor in = norm(spec, block.ln2, residual,
                       normHooks(hook, HookPoint::Ln2Scale, HookPoint::Ln2Normalized));
  in = hook(HookPoint::MlpIn, in);
  at::Tensor out = hook(HookPoint::RawMlpOut, applyMlp(spec, block.mlp, in));
  if (spec.postNorms) {
    out = norm(spec, block.ln2Post, out, normHooks(hook, HookPoint::Ln2PostScale));
  }
  return hook(HookPoint::MlpOut, out);
}

at::Tensor runBlock(const Pass& pass, const BlockWeights& block, at::Tensor residual,
                    const LayerHook& hook) {
  const bool parallel = pass.spec.parallelBlocks;
  residual = hook(HookPoint::ResidPre, residual);
  const at::Tensor attention = attentionOut(pass, block, residual, hook);
  at::Tensor middle = residual + attention;
  if (!parallel) middle = hook(HookPoint::ResidMid, middle);
  const at::Tensor& mlpSource = parallel ? residual : middle;
  return hook(HookPoint::ResidPost, middle + mlpOut(pass.spec, block, mlpSource, hook));
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
  const LayerHook outside{hook, -1};
  const int64_t n = tokens.size(-1);
  const int64_t past = cache != nullptr ? cache->length() : 0;
  at::Tensor residual = outside(HookPoint::Embed, embed(tokens));
  if (spec_.learnedPositions) {
    const at::Tensor learned = weights.positionEmbedding.slice(0, past, past + n);
    residual = residual + outside(HookPoint::PositionEmbed, learned);
  }
  const PositionTables positions(spec_, past, n, residual.options());
  const Pass pass{spec_, positions, cache};
  for (int64_t layer = 0; layer < spec_.nLayers; ++layer) {
    residual = runBlock(pass, weights.blocks[layer], residual, LayerHook{hook, layer});
  }
  at::Tensor out = norm(spec_, weights.finalNorm, residual,
                        normHooks(outside, HookPoint::FinalScale, HookPoint::FinalNormalized));
  out = outside(HookPoint::UnembedPre, out);
  at::Tensor logits = longLinear(out, weights.unembedding, weights.unembeddingBias);
  logits = outside(HookPoint::UnembedPost, logits);
  return spec_.logitSoftcap > 0 ? softcapped(logits, spec_.logitSoftcap) : logits;
}

}  // namespace circuit_tracer
