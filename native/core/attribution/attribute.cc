#include "attribution/attribute.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "attribution/local_model/frozen_norms.h"
#include "attribution/local_model/local_model.h"
#include "attribution/local_model/residual_gradients.h"
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

// Weights in memory that attribution reads row by row, or not at all, after encoding.
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

// One local model for each device. The model itself goes to the first mention of its own device.
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

// What rows are computed from. Nothing else of the prompt is kept.
struct Prepared {
  SparseFeatures features;
  Targets targets;
  NormScales scales;
  std::vector<LocalModel> locals;  // one per device
  at::Tensor reconstructionSums;
};

Prepared prepare(Transformer& model, TranscoderSet& transcoders, const AttributeOptions& options,
                 Offload& offload, PhaseClock& clock, const JobControl& control) {
  AttributionSetup setup = setUpAttribution(model, transcoders, model.tokenTensor(options.tokens),
                                            options.specialPositions, control);
  clock.mark("forward and encode");
  offload.park(residentWeights(transcoders));
  offload.park(mlpWeights(model));

  const auto requests = options.targets.empty() ? salientTokens(setup.trace, options.maxNLogits,
                                                                options.desiredLogitProb)
                                                : options.targets;
  Prepared out;
  out.targets = resolveTargets(model, transcoders, setup.trace, requests);
  offload.park({&model.weights().embedding, &model.weights().unembedding});
  out.features = std::move(setup.features);
  out.scales = setup.trace.scales;
  out.reconstructionSums = setup.reconstructionSums;
  out.locals =
      onDevices(buildLocalModel(model, transcoders, out.features, std::move(setup), control),
                options.devices);
  clock.mark("prepare");
  return out;
}

// Computes the rows of a graph: those of the targets, then of the most influential features.
class RowComputation {
 public:
  RowComputation(const Transformer& model, const TranscoderSet& transcoders,
                 const Prepared& prepared, const AttributeOptions& options,
                 const JobControl& control)
      : transcoders_(transcoders),
        norms_(model, transcoders.spec(), prepared.scales),
        features_(prepared.features),
        targets_(prepared.targets),
        updateIntervalRows_(options.updateIntervalRows),
        control_(control),
        total_(std::min(options.maxFeatureNodes.value_or(features_.size()), features_.size())),
        table_(features_, targets_, prepared.locals.front().columns, total_, options.edgeMemory),
        workers_(prepared.locals,
                 options.batchSize > 0 ? options.batchSize
                                       : chooseBatchSize(prepared.locals, options.availableMemory),
                 table_) {}

  void addTargets() {
    std::vector<int64_t> rows;
    for (int64_t t = 0; t < targets_.size(); ++t) rows.push_back(table_.rowOfTarget(t));
    const auto residualGradients = [&](const std::vector<int64_t>& batch) {
      std::vector<int64_t> chosen;
      for (const int64_t row : batch) chosen.push_back(table_.targetOfRow(row));
      const at::Tensor& all = targets_.residualGradients;
      return all.index_select(0, at::tensor(chosen, at::kLong).to(all.device()));
    };
    workers_.compute(rows, residualGradients, control_, [](int64_t) {});
  }

  bool isComplete() const { return done_ == total_; }

  // The features whose rows come next: all, or the most influential by the rows so far.
  std::vector<int64_t> nextFeatures() const {
    if (total_ < features_.size()) {
      return table_.mostInfluential(std::min(updateIntervalRows_, total_ - done_));
    }
    std::vector<int64_t> all(total_);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  void addFeatures(const std::vector<int64_t>& features) {
    table_.reserve(features);
    std::vector<int64_t> rows;
    for (const int64_t feature : features) rows.push_back(table_.rowOfFeature(feature));
    const auto residualGradients = [&](const std::vector<int64_t>& batch) {
      std::vector<int64_t> chosen;
      for (const int64_t row : batch) chosen.push_back(table_.featureOfRow(row));
      return featureResidualGradients(transcoders_, norms_, features_, chosen);
    };
    control_.report("attribute", done_, total_);
    workers_.compute(rows, residualGradients, control_, [&](int64_t count) {
      done_ += count;
      control_.report("attribute", done_, total_);
    });
  }

  // Features that have a row, ascending.
  std::vector<int64_t> selected() const { return table_.selected(); }

  OwnedRowBlocks takeRectangle() { return table_.takeRectangle(); }

 private:
  const TranscoderSet& transcoders_;
  FrozenNorms norms_;
  const SparseFeatures& features_;
  const Targets& targets_;
  int64_t updateIntervalRows_;
  const JobControl& control_;
  int64_t total_;  // feature rows of the finished graph
  EdgeTable table_;
  RowWorkers workers_;
  int64_t done_ = 0;
};

GraphData makeGraph(Transformer& model, TranscoderSet& transcoders, const AttributeOptions& options,
                    Offload& offload, const JobControl& control) {
  GraphData graph;
  PhaseClock clock(graph.timings);
  Prepared prepared = prepare(model, transcoders, options, offload, clock, control);
  RowComputation rows(model, transcoders, prepared, options, control);
  rows.addTargets();
  clock.mark("target rows");
  while (!rows.isComplete()) {
    const auto features = rows.nextFeatures();
    clock.mark("rank");
    rows.addFeatures(features);
    clock.mark("feature rows");
  }
  graph.selected = rows.selected();
  graph.edges = rows.takeRectangle();
  clock.mark("package");
  graph.logitTokenIds = prepared.targets.tokenId;
  graph.logitProbabilities = prepared.targets.weight;
  graph.features = std::move(prepared.features);
  graph.reconstructionSums = prepared.reconstructionSums;
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
