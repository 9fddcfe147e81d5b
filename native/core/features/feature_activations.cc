#include "features/feature_activations.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "finite.h"

namespace circuit_tracer {
namespace {

// Asks for one layer at a time, so that no more than one lies beside the result.
template <typename ActivationsOfLayer>
at::Tensor stackPadded(const std::vector<int64_t>& nFeatures, int64_t nPositions,
                       const ActivationsOfLayer& activationsOfLayer) {
  const auto nLayers = static_cast<int64_t>(nFeatures.size());
  const int64_t largest = *std::max_element(nFeatures.begin(), nFeatures.end());
  at::Tensor out = at::empty({nLayers, nPositions, largest}, at::kFloat);
  for (int64_t l = 0; l < nLayers; ++l) {
    pollJob();
    const at::Tensor layer = out[l];  // [n, largest]
    layer.slice(1, 0, nFeatures[l]).copy_(activationsOfLayer(l));
    layer.slice(1, nFeatures[l]).zero_();
  }
  return out;
}

}  // namespace

FeatureActivations arrangeActivations(const std::vector<at::Tensor>& layers, FeatureLayout layout) {
  FeatureActivations out;
  if (layout == FeatureLayout::Sparse) {
    out.sparse = nonZeroFeatures(layers);
    return out;
  }
  std::vector<int64_t> nFeatures;
  for (const at::Tensor& layer : layers) nFeatures.push_back(layer.size(1));
  out.dense = stackPadded(nFeatures, layers.at(0).size(0), [&](int64_t l) { return layers[l]; });
  return out;
}

PromptActivations promptActivations(const Transformer& model, const TranscoderSet& transcoders,
                                    const at::Tensor& tokens, int64_t specialPositions,
                                    bool applyActivation, FeatureLayout layout,
                                    const JobControl& control) {
  const TranscoderSpec& spec = transcoders.spec();
  std::vector<at::Tensor> inputs(spec.nLayers);  // [n, D]
  PromptActivations out;
  out.logits = model.forward(tokens, [&](HookPoint point, int64_t layer, at::Tensor value) {
    if (point == HookPoint::ResidPre) control.report("forward", layer, spec.nLayers);
    if (point == spec.inputHook) inputs[layer] = value;
    return value;
  });
  requireFinite(out.logits, "logits of the prompt");
  if (layout == FeatureLayout::Sparse) {
    out.features.sparse =
        transcoders.encodeSparse(inputs, specialPositions, applyActivation, control);
    return out;
  }
  out.features.dense = stackPadded(spec.nFeatures, tokens.size(0), [&](int64_t l) {
    control.report("encode", l, spec.nLayers);
    return transcoders.encodeLayer(l, inputs[l], applyActivation);
  });
  out.features.dense.slice(1, 0, specialPositions).zero_();
  return out;
}

}  // namespace circuit_tracer
