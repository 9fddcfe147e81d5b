#include "bench/copied_prompt_attribution.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace circuit_tracer {
namespace {

// Thrown by the hook once all that is needed has been computed: no logits of the copies.
struct ForwardIsDone {};

bool isDetached(HookPoint point) {
  return point == HookPoint::Pattern || point == HookPoint::Ln1Scale ||
         point == HookPoint::Ln1PostScale || point == HookPoint::Ln2Scale ||
         point == HookPoint::Ln2PostScale || point == HookPoint::FinalScale;
}

at::Tensor longs(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

CopiedPromptAttribution::CopiedPromptAttribution(const Transformer& model,
                                                 const TranscoderSet& transcoders,
                                                 const std::vector<int64_t>& tokens,
                                                 int64_t specialPositions)
    : model_(model), transcoders_(transcoders), tokens_(longs(tokens)) {
  const c10::NoGradGuard noGradients;
  Stopwatch watch;
  setup_ = setUpAttribution(model, transcoders, tokens_, specialPositions, {});
  setupSeconds_["forward and encode"] = watch.lap();
  const SparseFeatures& features = setup_.features;
  const int64_t layers = model.spec().nLayers;
  std::vector<std::vector<at::Tensor>> rows(layers);
  std::vector<std::vector<int64_t>> columns(layers), places(layers);
  const auto offsets = features.layerOffsets(layers);
  for (int64_t l = 0; l < layers; ++l) {
    if (offsets[l] == offsets[l + 1]) continue;
    const at::Tensor decoders = transcoders.decoderRows(features, offsets[l], offsets[l + 1]);
    const at::Tensor values = at::tensor(
        at::ArrayRef<float>(features.value.data() + offsets[l], offsets[l + 1] - offsets[l]));
    for (int64_t j = 0; j < transcoders.spec().span(l); ++j) {
      rows[l + j].push_back(decoders.select(1, j) * values.unsqueeze(1));
      for (int64_t i = offsets[l]; i < offsets[l + 1]; ++i) {
        columns[l + j].push_back(i);
        places[l + j].push_back(features.position[i]);
      }
    }
  }
  for (int64_t l = 0; l < layers; ++l) {
    decoders_.push_back(rows[l].empty() ? at::zeros({0, model.spec().dModel}) : at::cat(rows[l]));
    columns_.push_back(longs(columns[l]));
    places_.push_back(longs(places[l]));
  }
  setupSeconds_["prepare"] = watch.lap();
}

void CopiedPromptAttribution::forwardCopies(int64_t batchSize) {
  inputs_.assign(model_.spec().nLayers + 1, at::Tensor());
  const at::Tensor copies = tokens_.unsqueeze(0).expand({batchSize, tokens_.size(0)});
  try {
    model_.forward(copies, [this](HookPoint point, int64_t layer, at::Tensor value) {
      return atHook(point, layer, std::move(value));
    });
  } catch (const ForwardIsDone&) {
  }
}

at::Tensor CopiedPromptAttribution::atHook(HookPoint point, int64_t layer, at::Tensor value) {
  const int64_t layers = model_.spec().nLayers;
  if (isDetached(point)) return value.detach();
  if (point == HookPoint::Embed) {
    value = value.detach().requires_grad_(true);
    value.register_hook([this, layers](const at::Tensor& g) { return readAt(layers, g); });
    return value;
  }
  if (point == HookPoint::UnembedPre) {
    inputs_[layers] = value;
    value.register_hook([this, layers](const at::Tensor& g) { return injectAt(layers, g); });
    throw ForwardIsDone();
  }
  if (point == transcoders_.spec().inputHook) {
    inputs_[layer] = value;
    value.register_hook([this, layer](const at::Tensor& g) { return injectAt(layer, g); });
  }
  if (point == transcoders_.spec().outputHook) {
    // The input times zero keeps a graph behind the output, whose gradient is then read.
    at::Tensor output = inputs_[layer] * 0 + value.detach();
    output.register_hook([this, layer](const at::Tensor& g) { return readAt(layer, g); });
    return output;
  }
  return value;
}

at::Tensor CopiedPromptAttribution::injectAt(int64_t layer, const at::Tensor& gradient) const {
  std::vector<int64_t> rows, positions;
  for (size_t r = 0; r < current_->layer.size(); ++r) {
    if (current_->layer[r] != layer) continue;
    rows.push_back(static_cast<int64_t>(r));
    positions.push_back(current_->position[r]);
  }
  if (rows.empty()) return gradient;
  return gradient.index_put({longs(rows), longs(positions)},
                            current_->vectors.index_select(0, longs(rows)));
}

at::Tensor CopiedPromptAttribution::readAt(int64_t layer, const at::Tensor& gradient) {
  const int64_t layers = model_.spec().nLayers;
  const int64_t n = tokens_.size(0);
  const int64_t firstColumn = setup_.features.size() + layer * n;
  const bool isEmbedding = layer == layers;
  const at::Tensor vectors = isEmbedding ? setup_.trace.embeddings : setup_.errors[layer];
  edges_.slice(1, firstColumn, firstColumn + n).copy_((gradient * vectors).sum(-1));
  if (!isEmbedding && decoders_[layer].size(0) > 0) {
    const at::Tensor gathered = gradient.index_select(1, places_[layer]);  // [B, writes, D]
    edges_.index_add_(1, columns_[layer], at::einsum("bfd,fd->bf", {gathered, decoders_[layer]}));
  }
  return gradient;
}

at::Tensor CopiedPromptAttribution::edgeRows(const Rows& rows) {
  const int64_t last = *std::max_element(rows.layer.begin(), rows.layer.end());
  const int64_t columns = setup_.features.size() + (model_.spec().nLayers + 1) * tokens_.size(0);
  edges_ = at::zeros({inputs_[last].size(0), columns});
  current_ = &rows;
  torch::autograd::backward({inputs_[last]}, {at::zeros_like(inputs_[last])},
                            /*retain_graph=*/true);
  return edges_.slice(0, 0, static_cast<int64_t>(rows.layer.size()));
}

at::Tensor CopiedPromptAttribution::encoderRows(const std::vector<int64_t>& features) const {
  std::vector<at::Tensor> rows;
  for (const int64_t i : features) {
    const auto& encoder = transcoders_.layer(setup_.features.layer[i]).encoder;
    rows.push_back(encoder.gather(longs({setup_.features.feature[i]})));
  }
  return at::cat(rows);
}

// A normalised copy of all rows so far, and power iteration on it.
std::vector<int64_t> CopiedPromptAttribution::rankedByInfluence(const Result& result,
                                                                const at::Tensor& weights,
                                                                int64_t filled) const {
  at::Tensor normalized = result.edges.slice(0, 0, filled).abs();
  normalized = normalized / normalized.sum(1, true).clamp_min(1e-8);
  const at::Tensor nodes = longs(result.rows);
  at::Tensor influence = at::zeros({normalized.size(1)});
  at::Tensor product = at::cat({weights, at::zeros({filled - weights.size(0)})}).matmul(normalized);
  while (product.any().item<bool>()) {
    influence += product;
    const at::Tensor own = product.index_select(0, nodes);
    product = at::cat({at::zeros({weights.size(0)}), own}).matmul(normalized);
  }
  const at::Tensor order = influence.slice(0, 0, setup_.features.size()).argsort(0, true);
  return {order.const_data_ptr<int64_t>(), order.const_data_ptr<int64_t>() + order.numel()};
}

CopiedPromptAttribution::Result CopiedPromptAttribution::run(int64_t maxLogits,
                                                             double desiredLogitProb,
                                                             int64_t batchSize,
                                                             std::optional<int64_t> maxFeatureNodes,
                                                             int64_t updateIntervalRows) {
  const c10::AutoGradMode gradientsOn(true);
  Result result;
  result.seconds = setupSeconds_;
  Stopwatch watch;
  forwardCopies(batchSize);
  result.seconds["forward of the copies"] = watch.lap();

  const int64_t layers = model_.spec().nLayers;
  const at::Tensor& unembedding = model_.weights().unembedding;
  const auto requests = salientTokens(setup_.trace, maxLogits, desiredLogitProb);
  const at::Tensor probabilities = at::softmax(setup_.trace.logits[-1], -1);
  std::vector<at::Tensor> directions, weights;
  for (const TargetRequest& request : requests) {
    directions.push_back(unembedding[request.tokenId] - unembedding.mean(0));
    weights.push_back(probabilities[request.tokenId]);
  }
  const int64_t nTargets = static_cast<int64_t>(requests.size());
  const int64_t total =
      std::min(maxFeatureNodes.value_or(setup_.features.size()), setup_.features.size());
  result.edges =
      at::zeros({nTargets + total, setup_.features.size() + (layers + 1) * tokens_.size(0)});
  for (int64_t begin = 0; begin < nTargets; begin += batchSize) {
    const int64_t end = std::min(begin + batchSize, nTargets);
    const std::vector<int64_t> layer(end - begin, layers);
    const std::vector<int64_t> position(end - begin, tokens_.size(0) - 1);
    const at::Tensor vectors = at::stack(
        at::ArrayRef<at::Tensor>(directions.data() + begin, static_cast<size_t>(end - begin)));
    result.edges.slice(0, begin, end).copy_(edgeRows({layer, position, vectors}));
  }
  result.seconds["target rows"] = watch.lap();

  std::vector<bool> visited(setup_.features.size(), false);
  while (static_cast<int64_t>(result.rows.size()) < total) {
    std::vector<int64_t> pending;
    const int64_t filled = nTargets + static_cast<int64_t>(result.rows.size());
    std::vector<int64_t> ranked(setup_.features.size());
    std::iota(ranked.begin(), ranked.end(), 0);
    size_t queue = ranked.size();
    if (total < setup_.features.size()) {
      ranked = rankedByInfluence(result, at::stack(weights), filled);
      queue = std::min<size_t>(updateIntervalRows, total - result.rows.size());
    }
    for (const int64_t i : ranked) {
      if (!visited[i] && pending.size() < queue) pending.push_back(i);
    }
    result.seconds["rank"] += watch.lap();
    for (size_t begin = 0; begin < pending.size(); begin += batchSize) {
      const size_t end = std::min(begin + static_cast<size_t>(batchSize), pending.size());
      const std::vector<int64_t> batch(pending.begin() + begin, pending.begin() + end);
      Rows rows;
      for (const int64_t i : batch) {
        rows.layer.push_back(setup_.features.layer[i]);
        rows.position.push_back(setup_.features.position[i]);
        visited[i] = true;
      }
      rows.vectors = encoderRows(batch);
      const int64_t first = nTargets + static_cast<int64_t>(result.rows.size());
      result.edges.slice(0, first, first + static_cast<int64_t>(batch.size()))
          .copy_(edgeRows(rows));
      result.rows.insert(result.rows.end(), batch.begin(), batch.end());
    }
    result.seconds["feature rows"] += watch.lap();
  }
  return result;
}

}  // namespace circuit_tracer
