#include "test/oracle.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <optional>

namespace circuit_tracer {
namespace {

bool isFrozen(HookPoint point) {
  switch (point) {
    case HookPoint::Pattern:
    case HookPoint::Ln1Scale:
    case HookPoint::Ln1PostScale:
    case HookPoint::Ln2Scale:
    case HookPoint::Ln2PostScale:
    case HookPoint::FinalScale:
    case HookPoint::QueryNormScale:
    case HookPoint::KeyNormScale:
      return true;
    default:
      return false;
  }
}

// A pass over [R, n] tokens, one copy of the prompt for each row, so that one backward pass gives
// every row a gradient of its own. All tensors are [R, n, D].
struct FrozenRun {
  at::Tensor embeddings;                    // leaf
  std::vector<at::Tensor> writes;           // leaves: zeros added at the output hook of each layer
  std::vector<at::Tensor> inputs, outputs;  // at the feature hooks of each layer
  at::Tensor finalNorm;
};

at::Tensor skipOf(const TranscoderSet& transcoders, int64_t layer, const at::Tensor& input) {
  const at::Tensor& skip = transcoders.layer(layer).skip;
  return skip.defined() ? at::linear(input, skip) : at::zeros_like(input);
}

FrozenRun runFrozen(const Transformer& model, const TranscoderSet& transcoders,
                    const at::Tensor& tokens) {
  FrozenRun run;
  for (auto* list : {&run.writes, &run.inputs, &run.outputs}) list->resize(model.spec().nLayers);
  const Hook hook = [&](HookPoint point, int64_t layer, at::Tensor value) -> at::Tensor {
    if (isFrozen(point)) return value.detach();
    if (point == HookPoint::Embed) {
      return run.embeddings = value.detach().requires_grad_(true);
    }
    if (point == HookPoint::UnembedPre) run.finalNorm = value;
    if (point == transcoders.spec().inputHook) run.inputs[layer] = value;
    if (point != transcoders.spec().outputHook) return value;
    run.outputs[layer] = value.detach();
    run.writes[layer] = at::zeros_like(value).detach().requires_grad_(true);
    const at::Tensor skip = skipOf(transcoders, layer, run.inputs[layer]);
    return skip + (value - skip).detach() + run.writes[layer];
  };
  model.forward(tokens, hook);
  return run;
}

// Row r of the sum depends on copy r only.
at::Tensor sumOfTargets(const Transformer& model, const TranscoderSet& transcoders,
                        const OracleRequest& request, const FrozenRun& run) {
  std::vector<at::Tensor> targets;
  for (const auto& [layer, position, feature] : request.featureTargets) {
    const at::Tensor encoder = transcoders.layer(layer).encoder.slab(feature, feature + 1)[0];
    const int64_t row = static_cast<int64_t>(targets.size());
    targets.push_back(at::dot(encoder, run.inputs[layer][row][position]));
  }
  const at::Tensor& unembedding = model.weights().unembedding;
  const at::Tensor mean = unembedding.mean(0);
  for (const auto& [position, tokenId] : request.tokenTargets) {
    const int64_t row = static_cast<int64_t>(targets.size());
    targets.push_back(at::dot(unembedding[tokenId] - mean, run.finalNorm[row][position]));
  }
  return at::stack(targets).sum();
}

// Gradients [R, n, D] at the feature output of each layer, then at the embeddings.
std::vector<at::Tensor> gradients(const FrozenRun& run, const at::Tensor& sum) {
  std::vector<at::Tensor> leaves = run.writes;
  leaves.push_back(run.embeddings);
  auto out = torch::autograd::grad({sum}, leaves, {}, std::nullopt, false, /*allow_unused=*/true);
  for (at::Tensor& gradient : out) {
    if (!gradient.defined()) gradient = at::zeros_like(run.embeddings);
  }
  return out;
}

// What each source feature writes to its output layers, [span, D], unscaled.
at::Tensor decoderOf(const TranscoderSet& transcoders, const FeaturePlace& place) {
  return transcoders.layer(place.layer).decoder.slab(place.feature, place.feature + 1)[0];
}

at::Tensor preActivations(const TranscoderSet& transcoders, const OracleRequest& request,
                          const FrozenRun& run) {
  std::vector<at::Tensor> values;
  for (const auto& [layer, position, feature] : request.features) {
    const TranscoderLayer& weights = transcoders.layer(layer);
    const at::Tensor encoder = weights.encoder.slab(feature, feature + 1)[0];
    values.push_back(at::dot(encoder, run.inputs[layer][0][position]) +
                     weights.encoderBias[feature]);
  }
  return values.empty() ? at::empty({0}) : at::stack(values);
}

// [n, D] per layer.
std::vector<at::Tensor> errorsOf(const TranscoderSet& transcoders, const OracleRequest& request,
                                 const FrozenRun& run, const at::Tensor& values) {
  std::vector<at::Tensor> errors;
  for (size_t l = 0; l < run.outputs.size(); ++l) {
    const int64_t layer = static_cast<int64_t>(l);
    errors.push_back(run.outputs[l][0] - skipOf(transcoders, layer, run.inputs[l][0]) -
                     transcoders.layer(layer).decoderBias);
  }
  for (size_t i = 0; i < request.features.size(); ++i) {
    const FeaturePlace& place = request.features[i];
    const at::Tensor written = decoderOf(transcoders, place) * values[static_cast<int64_t>(i)];
    for (int64_t j = 0; j < written.size(0); ++j) {
      errors[place.layer + j][place.position].sub_(written[j]);
    }
  }
  for (at::Tensor& error : errors) error.slice(0, 0, request.specialPositions).zero_();
  return errors;
}

// <gradient[r, q], vectors[q]> for every row r and position q, [R, n].
at::Tensor readOff(const at::Tensor& gradient, const at::Tensor& vectors) {
  return (gradient * vectors).sum(-1);
}

at::Tensor featureColumn(const TranscoderSet& transcoders, const FeaturePlace& place,
                         const at::Tensor& value, const std::vector<at::Tensor>& gradient) {
  const at::Tensor written = decoderOf(transcoders, place) * value;
  at::Tensor column = at::zeros({gradient.back().size(0)});
  for (int64_t j = 0; j < written.size(0); ++j) {
    column += at::mv(gradient[place.layer + j].select(1, place.position), written[j]);
  }
  return column.unsqueeze(1);
}

}  // namespace

OracleRows autogradRows(const Transformer& model, const TranscoderSet& transcoders,
                        const OracleRequest& request) {
  const int64_t rows =
      static_cast<int64_t>(request.featureTargets.size() + request.tokenTargets.size());
  FrozenRun run;
  std::vector<at::Tensor> gradient;
  {
    const at::AutoGradMode on(true);
    const at::Tensor tokens = at::tensor(request.tokens, at::kLong).unsqueeze(0);
    run = runFrozen(model, transcoders, tokens.expand({rows, tokens.size(1)}).contiguous());
    gradient = gradients(run, sumOfTargets(model, transcoders, request, run));
  }
  const at::NoGradGuard off;
  OracleRows out;
  out.values = preActivations(transcoders, request, run);
  const auto errors = errorsOf(transcoders, request, run, out.values);
  std::vector<at::Tensor> columns;
  for (size_t i = 0; i < request.features.size(); ++i) {
    columns.push_back(featureColumn(transcoders, request.features[i],
                                    out.values[static_cast<int64_t>(i)], gradient));
  }
  for (size_t l = 0; l < errors.size(); ++l) columns.push_back(readOff(gradient[l], errors[l]));
  columns.push_back(readOff(gradient.back(), run.embeddings[0]));
  out.edges = at::cat(columns, 1);
  return out;
}

}  // namespace circuit_tracer
