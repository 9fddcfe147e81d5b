#include "intervention/intervene.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <map>
#include <utility>

#include "finite.h"
#include "intervention/clean_run.h"

namespace circuit_tracer {
namespace {

// The edited pass: a hook that freezes, encodes, and adds what the edits change.
class EditedRun {
 public:
  EditedRun(const Transformer& model, const TranscoderSet& transcoders, const CleanRun& clean,
            const Intervention& intervention, int64_t nPositions, ActivationReturn wanted)
      : transcoders_(transcoders), clean_(clean), intervention_(intervention), wanted_(wanted) {
    const auto options = at::TensorOptions().dtype(at::kFloat).device(model.device());
    writes_ = at::zeros({model.spec().nLayers, nPositions, model.spec().dModel}, options);
    // Later edits of one cell overwrite earlier ones.
    for (const FeatureEdit& edit : intervention.features) {
      edits_[edit.layer][{edit.position, edit.feature}] = edit;
    }
  }

  at::Tensor atHook(HookPoint point, int64_t layer, at::Tensor value, InterventionResult& result) {
    const TranscoderSpec& spec = transcoders_.spec();
    value = clean_.freeze(point, layer, std::move(value));
    if (point == spec.inputHook) {
      input_ = value;
      if (wanted_ != ActivationReturn::None) result.activations.push_back(encode(layer, value));
    }
    if (point == spec.outputHook) {
      if (edits_.count(layer) > 0) writeEdits(layer);
      value = addWrites(layer, value);
    }
    if (point == HookPoint::UnembedPost) result.rawLogits = value;
    return addVectors(point, layer, std::move(value));
  }

 private:
  // The activations [n, F] to return.
  at::Tensor encode(int64_t layer, const at::Tensor& input) const {
    at::Tensor out =
        transcoders_.encodeLayer(layer, input, wanted_ == ActivationReturn::Activations);
    out.slice(0, 0, intervention_.specialPositions).zero_();
    return out;
  }

  bool isConstrainedAt(int64_t position) const {
    return intervention_.isConstrained() && position < intervention_.frozenPositions;
  }

  // Activations the edits of this layer start from: the clean run's where the position is
  // constrained, so that effects don't propagate, else this run's. One row per edited position.
  std::map<int64_t, at::Tensor> ownActivations(int64_t layer) const {
    std::map<int64_t, at::Tensor> rows;
    for (const auto& [cell, edit] : edits_.at(layer)) {
      const int64_t position = cell.first;
      if (rows.count(position) > 0 || position < intervention_.specialPositions) continue;
      const bool fromClean = isConstrainedAt(position) && clean_.featureInput(layer).defined();
      const at::Tensor& input = fromClean ? clean_.featureInput(layer) : input_;
      rows[position] = transcoders_.encodeLayer(layer, input.slice(0, position, position + 1), true)
                           .to(at::kCPU, at::kFloat)[0];
    }
    return rows;
  }

  // Adds (new - own activation) * decoder rows to the writes of all the layers they go to.
  void writeEdits(int64_t layer) {
    const auto own = ownActivations(layer);
    SparseFeatures changes;
    for (const auto& [cell, edit] : edits_.at(layer)) {
      const auto row = own.find(cell.first);
      const float activation =
          row == own.end() ? 0.0f : row->second.const_data_ptr<float>()[cell.second];
      const float change = edit.newActivation(activation) - activation;
      if (change == 0) continue;
      changes.layer.push_back(layer);
      changes.position.push_back(cell.first);
      changes.feature.push_back(cell.second);
      changes.value.push_back(change);
    }
    if (changes.size() == 0) return;
    const at::Tensor rows =
        transcoders_.decoderRows(changes, 0, changes.size()).to(at::kFloat);  // [edits, span, D]
    for (int64_t i = 0; i < changes.size(); ++i) {
      for (int64_t j = 0; j < rows.size(1); ++j) {
        const int64_t output = layer + j;
        if (isConstrainedAt(changes.position[i]) && !intervention_.constrains(output)) continue;
        writes_[output][changes.position[i]].add_(rows[i][j], changes.value[i]);
      }
    }
  }

  at::Tensor addWrites(int64_t layer, const at::Tensor& output) const {
    at::Tensor changed = output.to(at::kFloat) + writes_[layer];
    const at::Tensor& skip = transcoders_.layer(layer).skip;
    const at::Tensor& cleanInput = clean_.featureInput(layer);
    if (intervention_.constrains(layer) && cleanInput.defined() && skip.defined()) {
      // The frozen output holds the clean skip; what the skip changes by goes on.
      const int64_t frozen = cleanInput.size(0);
      const at::Tensor difference = input_.slice(0, 0, frozen) - cleanInput;
      changed.slice(0, 0, frozen).add_(at::linear(difference.to(skip.scalar_type()), skip));
    }
    return changed.to(output.scalar_type());
  }

  at::Tensor addVectors(HookPoint point, int64_t layer, at::Tensor value) const {
    bool copied = false;
    for (const VectorEdit& edit : intervention_.vectors) {
      if (edit.where.point != point || edit.where.layer != layer) continue;
      if (!copied) value = value.clone();
      copied = true;
      value[edit.position].add_(edit.vector.to(value.device(), value.scalar_type()));
    }
    return value;
  }

  const TranscoderSet& transcoders_;
  const CleanRun& clean_;
  const Intervention& intervention_;
  ActivationReturn wanted_;
  std::map<int64_t, std::map<std::pair<int64_t, int64_t>, FeatureEdit>> edits_;
  at::Tensor writes_;  // [nLayers, n, D] float32
  at::Tensor input_;   // feature input of the layer being run
};

}  // namespace

InterventionResult intervene(const Transformer& model, const TranscoderSet& transcoders,
                             const at::Tensor& tokens, const Intervention& intervention,
                             ActivationReturn activations, KeyValueCache* cache,
                             HookCapture& capture, const JobControl& control) {
  const CleanRun clean(model, transcoders, tokens, intervention, control);
  EditedRun run(model, transcoders, clean, intervention, tokens.size(0), activations);
  InterventionResult result;
  const Hook hook = [&](HookPoint point, int64_t layer, at::Tensor value) {
    if (point == HookPoint::ResidPre) {
      control.report("forward", layer, model.spec().nLayers);
    }
    value = run.atHook(point, layer, std::move(value), result);
    capture.see(point, layer, value);
    return value;
  };
  result.logits = model.forward(tokens, hook, cache);
  requireFinite(result.logits, "logits after the intervention");
  return result;
}

}  // namespace circuit_tracer
