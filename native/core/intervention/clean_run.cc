#include "intervention/clean_run.h"

#include <ATen/Functions.h>

namespace circuit_tracer {
namespace {

bool isNormScale(HookPoint point) {
  switch (point) {
    case HookPoint::Ln1Scale:
    case HookPoint::Ln1PostScale:
    case HookPoint::Ln2Scale:
    case HookPoint::Ln2PostScale:
    case HookPoint::QueryNormScale:
    case HookPoint::KeyNormScale:
    case HookPoint::FinalScale:
      return true;
    default:
      return false;
  }
}

bool isFrozen(const Intervention& intervention, HookPoint outputHook, HookPoint point,
              int64_t layer) {
  if (point == HookPoint::Pattern) {
    return intervention.freezeAttention || intervention.isConstrained();
  }
  if (isNormScale(point)) return intervention.constrainsAll();
  return point == outputHook && intervention.constrains(layer);
}

}  // namespace

CleanRun::CleanRun(const Transformer& model, const TranscoderSet& transcoders,
                   const at::Tensor& tokens, const Intervention& intervention,
                   const JobControl& control)
    : featureInputs_(model.spec().nLayers) {
  const bool freezes = intervention.freezeAttention || intervention.isConstrained();
  if (!freezes || intervention.frozenPositions == 0) return;
  const HookPoint inputHook = transcoders.spec().inputHook;
  const HookPoint outputHook = transcoders.spec().outputHook;
  const Hook hook = [&](HookPoint point, int64_t layer, at::Tensor value) {
    if (point == HookPoint::ResidPre) control.poll();
    if (isFrozen(intervention, outputHook, point, layer)) frozen_[{point, layer}] = value;
    if (point == inputHook && intervention.isConstrained()) featureInputs_[layer] = value;
    return value;
  };
  model.forward(tokens.slice(0, 0, intervention.frozenPositions), hook);
}

at::Tensor CleanRun::freeze(HookPoint point, int64_t layer, at::Tensor value) const {
  const auto found = frozen_.find({point, layer});
  if (found == frozen_.end()) return value;
  const at::Tensor& clean = found->second;
  if (clean.sizes() == value.sizes()) return clean;
  // Only the first positions are frozen: rows of a pattern [heads, n, n], or of [n, ...].
  const int64_t dim = point == HookPoint::Pattern ? 1 : 0;
  const int64_t positions = clean.size(dim);
  at::Tensor mixed = value.clone();
  at::Tensor head = mixed.slice(dim, 0, positions);
  if (point == HookPoint::Pattern) {
    head.zero_();
    head = head.slice(2, 0, positions);
  }
  head.copy_(clean);
  return mixed;
}

}  // namespace circuit_tracer
