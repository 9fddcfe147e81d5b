#include "attribution/attribute.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>

#include "attribution/local_model/local_model.h"
#include "attribution/local_model/setup.h"
#include "attribution/rows/batch_size.h"
#include "attribution/rows/row_workers.h"
#include "offload.h"

namespace circuit_tracer {
namespace {

// Adds the seconds since the last mark to a phase.
class PhaseClock {
 public:
  explicit PhaseClock(std::map<std::string, double>& seconds) : seconds_(seconds) {}
  void mark(const std::string& phase) {
    const auto now = std::chrono::steady_clock::now();
    seconds_[phase] += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  std::map<std::string, double>& seconds_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::vector<at::Tensor*> residentWeights(TranscoderSet& transcoders) {
  std::vector<at::Tensor*> out;
  for (TranscoderLayer& layer : transcoders.layers()) {
    out.push_back(layer.encoder.resident());
    out.push_back(layer.decoder.resident());
  }
  return out;
}

std::vector<at::Tensor*> mlpWeights(Transformer& model) {
  std::vector<at::Tensor*> out;
  for (BlockWeights& block : model.weights().blocks) {
    MlpWeights& mlp = block.mlp;
    for (at::Tensor* tensor :
         {&mlp.gateWeight, &mlp.inWeight, &mlp.outWeight, &mlp.gateUpWeight, &mlp.downWeight}) {
      out.push_back(tensor);
    }
  }
  return out;
}

// One local model for each device; its own is used where the model's device is asked for.
std::vector<LocalModel> onDevices(const LocalModel& local, const std::vector<at::Device>& devices) {
  if (devices.empty()) return {local};
  std::vector<LocalModel> out;
  bool taken = false;
  for (const at::Device device : devices) {
    const bool own = !taken && device == local.device();
    out.push_back(own ? local : replicate(local, device));
    taken = taken || own;
  }
  return out;
}

// What rows are computed from, and where they go.
class Rows {
 public:
  Rows(const Transformer& model, const TranscoderSet& transcoders, const AttributionSetup& setup,
       const Targets& targets, const std::vector<LocalModel>& locals,
       const AttributeOptions& options, const JobControl& control)
      : model_(model),
        transcoders_(transcoders),
        setup_(setup),
        targets_(targets),
        options_(options),
        control_(control),
        total_(std::min(options.maxFeatureNodes.value_or(setup.features.size()),
                        setup.features.size())),
        table_(setup.features, targets, locals.front().columns, total_, options.edgeMemory),
        workers_(std::in_place, locals,
                 options.batchSize > 0 ? options.batchSize
                                       : chooseBatchSize(locals, options.availableMemory),
                 table_) {}

  void addTargets() {
    std::vector<int64_t> rows;
    for (int64_t t = 0; t < targets_.size(); ++t) rows.push_back(table_.rowOfTarget(t));
    const auto readVectors = [&](const std::vector<int64_t>& batch) {
      std::vector<int64_t> chosen;
      for (const int64_t row : batch) chosen.push_back(table_.targetOfRow(row));
      return targets_.vectors.index_select(0, at::tensor(chosen, at::kLong).to(model_.device()));
    };
    workers_->compute(rows, readVectors, control_, [](int64_t) {});
  }

  bool isComplete() const { return done_ == total_; }

  // The features whose rows come next: all, or the most influential by the rows so far.
  std::vector<int64_t> nextFeatures() const {
    if (total_ < setup_.features.size()) {
      return table_.mostInfluential(std::min(options_.updateInterval, total_ - done_));
    }
    std::vector<int64_t> all(total_);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  void addFeatures(const std::vector<int64_t>& features) {
    table_.reserve(features);
    std::vector<int64_t> rows;
    for (const int64_t feature : features) rows.push_back(table_.rowOfFeature(feature));
    const auto readVectors = [&](const std::vector<int64_t>& batch) {
      std::vector<int64_t> chosen;
      for (const int64_t row : batch) chosen.push_back(table_.featureOfRow(row));
      return featureReadVectors(model_, transcoders_, setup_.trace, setup_.features, chosen);
    };
    control_.report("attribute", done_, total_);
    workers_->compute(rows, readVectors, control_, [&](int64_t count) {
      done_ += count;
      control_.report("attribute", done_, total_);
    });
  }

  const EdgeTable& table() const { return table_; }

  OwnedRowBlocks takeRectangle() {
    workers_.reset();  // their memory is the rectangle's
    return table_.takeRectangle();
  }

 private:
  const Transformer& model_;
  const TranscoderSet& transcoders_;
  const AttributionSetup& setup_;
  const Targets& targets_;
  const AttributeOptions& options_;
  const JobControl& control_;
  int64_t total_;
  EdgeTable table_;
  std::optional<RowWorkers> workers_;
  int64_t done_ = 0;
};

GraphData makeGraph(Transformer& model, TranscoderSet& transcoders, const AttributeOptions& options,
                    Offload& offload, const JobControl& control) {
  GraphData graph;
  PhaseClock clock(graph.timings);
  const at::Tensor tokens = model.tokenTensor(options.tokens);
  AttributionSetup setup =
      setUpAttribution(model, transcoders, tokens, options.zeroPositions, control);
  clock.mark("forward and encode");
  offload.park(residentWeights(transcoders));
  offload.park(mlpWeights(model));

  const auto requests = options.targets.empty() ? salientTokens(setup.trace, options.maxNLogits,
                                                                options.desiredLogitProb)
                                                : options.targets;
  const Targets targets = resolveTargets(model, transcoders, setup.trace, requests);
  offload.park({&model.weights().embedding, &model.weights().unembedding});
  setup.reconstruction.clear();
  const std::vector<LocalModel> locals =
      onDevices(buildLocalModel(model, transcoders, setup, control), options.devices);
  setup.errors.clear();
  setup.trace.logits.reset();
  setup.trace.featureInputs.clear();
  setup.trace.featureOutputs.clear();
  clock.mark("prepare");

  Rows rows(model, transcoders, setup, targets, locals, options, control);
  rows.addTargets();
  clock.mark("target rows");
  while (!rows.isComplete()) {
    const auto features = rows.nextFeatures();
    clock.mark("rank");
    rows.addFeatures(features);
    clock.mark("feature rows");
  }
  graph.selected = rows.table().selected();
  graph.edges = rows.takeRectangle();
  clock.mark("package");
  graph.logitTokenIds = targets.tokenId;
  graph.logitProbabilities = targets.weight;
  graph.features = std::move(setup.features);
  graph.reconstructionSums = setup.reconstructionSums;
  return graph;
}

}  // namespace

GraphData attribute(Transformer& model, TranscoderSet& transcoders, const AttributeOptions& options,
                    const JobControl& control) {
  Offload offload(options.offload);
  return onUnchanged(offload,
                     [&] { return makeGraph(model, transcoders, options, offload, control); });
}

}  // namespace circuit_tracer
