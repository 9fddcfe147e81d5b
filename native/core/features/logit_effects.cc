#include "features/logit_effects.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <vector>

#include "attribution/local_model/norm_adjoint.h"
#include "long_copy.h"
#include "long_product.h"

namespace circuit_tracer {
namespace {

// Effects of so many features on all tokens are held at once.
constexpr int64_t kMostEffects = 1 << 24;

// [rows, D] written to the residual stream after the last block, from [rows, span, D] at the
// feature output.
at::Tensor writtenSum(const Transformer& model, const TranscoderSpec& transcoders, int64_t layer,
                      const at::Tensor& decoders) {
  const ModelSpec& spec = model.spec();
  const bool beforePostNorm = spec.postNorms && transcoders.outputHook == HookPoint::RawMlpOut;
  if (!beforePostNorm) return decoders.sum(1);
  at::Tensor sum = at::zeros({decoders.size(0), decoders.size(2)}, decoders.options());
  for (int64_t j = 0; j < decoders.size(1); ++j) {
    const at::Tensor& gain = model.weights().blocks[layer + j].ln2Post.gain;
    sum.add_(adjointThroughNorm(spec.normalization, gain, decoders.select(1, j)));
  }
  return sum;
}

}  // namespace

LogitEffects logitEffects(const Transformer& model, const TranscoderSet& transcoders, int64_t layer,
                          int64_t count, const JobControl& control) {
  const at::Tensor unembedding =
      longConversion(model.weights().unembedding, model.device(), at::kFloat);  // [V, D]
  const int64_t features = transcoders.spec().nFeatures[layer];
  const int64_t chunk = std::max<int64_t>(1, kMostEffects / unembedding.size(0));
  std::vector<at::Tensor> top, bottom;
  for (int64_t begin = 0; begin < features; begin += chunk) {
    control.report("feature logits", begin, features);
    const int64_t end = std::min(begin + chunk, features);
    const at::Tensor decoders =
        transcoders.layer(layer).decoder.gather(at::arange(begin, end, at::kLong)).to(at::kFloat);
    const at::Tensor read =
        adjointThroughNorm(model.spec().normalization, model.weights().finalNorm.gain,
                           writtenSum(model, transcoders.spec(), layer, decoders));
    at::Tensor effects = at::empty({end - begin, unembedding.size(0)}, read.options());
    longProductInto(effects, read, unembedding.t(), 0);
    const auto tokens = [&](bool largest) {
      control.poll();
      return std::get<1>(effects.topk(count, 1, largest)).to(at::kInt).cpu();
    };
    top.push_back(tokens(true));
    bottom.push_back(tokens(false));
  }
  control.report("feature logits", features, features);
  return {at::cat(top), at::cat(bottom)};
}

}  // namespace circuit_tracer
