#include "attribution/targets.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "attribution/local_model/frozen_norms.h"
#include "attribution/local_model/residual_gradients.h"
#include "job_control.h"
#include "long_copy.h"

namespace circuit_tracer {
namespace {

at::Tensor probabilitiesAt(const Trace& trace, int64_t position) {
  return at::softmax(trace.logits[position].to(at::kFloat), -1);
}

at::Tensor meanUnembedding(const Transformer& model) {
  const at::Tensor& unembedding = model.weights().unembedding;  // [V, D]
  // Some columns at a time; the mean of a column depends on no other.
  const int64_t width = unembedding.size(1), together = polledRows(unembedding.size(0));
  std::vector<at::Tensor> means;
  for (int64_t begin = 0; begin < width; begin += together) {
    pollJob();
    means.push_back(unembedding.slice(1, begin, begin + together).mean(0, false, at::kFloat));
  }
  return means.size() == 1 ? means.front() : at::cat(means);
}

at::Tensor directionOf(const Transformer& model, const TargetRequest& request,
                       const at::Tensor& mean) {
  if (request.kind == TargetRequest::Kind::Direction) {
    return request.direction.to(model.device(), at::kFloat);
  }
  return model.weights().unembedding[request.tokenId].to(at::kFloat) - mean;
}

float weightOf(const Trace& trace, const TargetRequest& request) {
  if (request.weight) return *request.weight;
  if (request.kind != TargetRequest::Kind::Token) return 1;
  return probabilitiesAt(trace, request.position)[request.tokenId].item<float>();
}

at::Tensor featureResidualGradient(const TranscoderSet& transcoders, const FrozenNorms& norms,
                                   const TargetRequest& request) {
  SparseFeatures one;
  one.layer = {request.layer};
  one.position = {request.position};
  one.feature = {request.feature};
  one.value = {1};
  return featureResidualGradients(transcoders, norms, one, {0})[0];
}

}  // namespace

std::vector<TargetRequest> salientTokens(const Trace& trace, int64_t maxCount,
                                         double desiredProbability) {
  const int64_t last = trace.nPositions() - 1;
  const at::Tensor probabilities = probabilitiesAt(trace, last).to(at::kCPU);
  const int64_t count = std::min(maxCount, probabilities.size(0));
  const auto [top, ids] = probabilities.topk(count);
  const at::Tensor reached = top.cumsum(0);
  std::vector<TargetRequest> requests;
  for (int64_t i = 0; i < count; ++i) {
    TargetRequest request;
    request.position = last;
    request.tokenId = ids[i].item<int64_t>();
    requests.push_back(request);
    if (reached[i].item<float>() >= static_cast<float>(desiredProbability)) break;
  }
  return requests;
}

at::Tensor tokenDirections(const Transformer& model, const std::vector<int64_t>& tokenIds) {
  const at::Tensor ids = at::tensor(tokenIds, at::kLong).to(model.device());
  const at::Tensor rows = model.weights().unembedding.index_select(0, ids).to(at::kFloat);
  return rows - meanUnembedding(model);
}

Targets resolveTargets(const Transformer& model, const TranscoderSet& transcoders,
                       const Trace& trace, const std::vector<TargetRequest>& requests) {
  const FrozenNorms norms(model, transcoders.spec(), trace.scales);
  const at::Tensor mean = meanUnembedding(model);
  const auto logitGradient = [&](const TargetRequest& request) {
    const at::Tensor direction = directionOf(model, request, mean).unsqueeze(0);
    const at::Tensor position = at::tensor({request.position}, at::kLong).to(model.device());
    return norms.gradientsAtEnd(direction, position)[0];
  };
  Targets targets;
  std::vector<at::Tensor> gradients;
  for (const TargetRequest& request : requests) {
    pollJob();
    const bool isFeature = request.kind == TargetRequest::Kind::Feature;
    targets.tokenId.push_back(request.kind == TargetRequest::Kind::Token ? request.tokenId : -1);
    targets.weight.push_back(weightOf(trace, request));
    targets.position.push_back(request.position);
    targets.entryLayer.push_back(isFeature ? request.layer : model.spec().nLayers);
    gradients.push_back(isFeature ? featureResidualGradient(transcoders, norms, request)
                                  : logitGradient(request));
  }
  targets.residualGradients = at::stack(gradients);
  return targets;
}

}  // namespace circuit_tracer
