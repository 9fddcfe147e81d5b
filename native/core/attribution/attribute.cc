#include "attribution/attribute.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "attribution/backward.h"
#include "attribution/edge_table.h"
#include "attribution/local_model.h"
#include "attribution/row_batches.h"
#include "attribution/setup.h"
#include "finite.h"
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

class Attribution {
 public:
  Attribution(const Transformer& model, const TranscoderSet& transcoders, const Trace& trace,
              const SparseFeatures& features, const LocalModel& local,
              const AttributeOptions& options, const JobControl& control)
      : model_(model),
        transcoders_(transcoders),
        trace_(trace),
        features_(features),
        backward_(local),
        options_(options),
        control_(control) {}

  void addTargetRows(const Targets& targets, EdgeTable& table) {
    std::vector<PendingRow> rows;
    for (int64_t t = 0; t < targets.size(); ++t) {
      rows.push_back({t, targets.entryLayer[t], targets.position[t]});
    }
    for (const auto& batch : planBatches(std::move(rows), options_.batchSize)) {
      std::vector<int64_t> order;
      for (const PendingRow& row : batch) order.push_back(row.index);
      const at::Tensor vectors =
          targets.vectors.index_select(0, at::tensor(order, at::kLong).to(model_.device()));
      const at::Tensor edges = edgeRows(batch, vectors);
      for (size_t r = 0; r < batch.size(); ++r) table.setTargetRow(order[r], edges[r]);
    }
  }

  void addFeatureRows(const std::vector<int64_t>& chosen, int64_t total, EdgeTable& table) {
    std::vector<PendingRow> rows;
    for (const int64_t i : chosen) rows.push_back({i, features_.layer[i], features_.position[i]});
    for (const auto& batch : planBatches(std::move(rows), options_.batchSize)) {
      control_.report("attribute", done_, total);
      std::vector<int64_t> indices;
      for (const PendingRow& row : batch) indices.push_back(row.index);
      const at::Tensor vectors =
          featureReadVectors(model_, transcoders_, trace_, features_, indices);
      const at::Tensor edges = edgeRows(batch, vectors);
      for (size_t r = 0; r < batch.size(); ++r) table.addFeatureRow(indices[r], edges[r]);
      done_ += static_cast<int64_t>(batch.size());
    }
    control_.report("attribute", done_, total);
  }

 private:
  at::Tensor edgeRows(const std::vector<PendingRow>& batch, const at::Tensor& vectors) {
    TargetRows targets;
    targets.vectors = vectors;
    for (const PendingRow& row : batch) {
      targets.entryLayer.push_back(row.entryLayer);
      targets.position.push_back(row.position);
    }
    const at::Tensor edges = backward_.edgeRows(targets).to(at::kCPU);
    requireFinite(edges, "attribution rows");
    return edges;
  }

  const Transformer& model_;
  const TranscoderSet& transcoders_;
  const Trace& trace_;
  const SparseFeatures& features_;
  Backward backward_;
  const AttributeOptions& options_;
  const JobControl& control_;
  int64_t done_ = 0;
};

}  // namespace

GraphData attribute(Transformer& model, TranscoderSet& transcoders, const AttributeOptions& options,
                    const JobControl& control) {
  GraphData graph;
  PhaseClock clock(graph.timings);
  Offload offload(options.offload);
  const at::Tensor tokens = at::tensor(options.tokens, at::kLong).to(model.device());
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
  const SparseFeatures& features = setup.features;
  const LocalModel local =
      buildLocalModel(model, transcoders, setup.trace, features, setup.errors, control);
  setup.trace.patterns.clear();
  setup.reconstruction.clear();
  clock.mark("prepare");

  const int64_t total = options.maxFeatureNodes < 0
                            ? features.size()
                            : std::min(options.maxFeatureNodes, features.size());
  EdgeTable table(features, targets, local.nLayers, total, local.columns.total());
  Attribution attribution(model, transcoders, setup.trace, features, local, options, control);
  attribution.addTargetRows(targets, table);
  clock.mark("target rows");
  for (int64_t done = 0; done < total;) {
    std::vector<int64_t> chosen(total);
    if (total == features.size()) {
      std::iota(chosen.begin(), chosen.end(), 0);
    } else {
      chosen =
          table.mostInfluential(std::min(options.updateInterval * options.batchSize, total - done));
      clock.mark("rank");
    }
    attribution.addFeatureRows(chosen, total, table);
    done += static_cast<int64_t>(chosen.size());
    clock.mark("feature rows");
  }
  graph.selected = table.selected();
  graph.edges = table.takeRectangle();
  clock.mark("package");
  graph.logitTokenIds = targets.tokenId;
  graph.logitProbabilities = targets.weight;
  graph.features = std::move(setup.features);
  return graph;
}

}  // namespace circuit_tracer
