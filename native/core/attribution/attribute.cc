#include "attribution/attribute.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <numeric>

#include "attribution/backward.h"
#include "attribution/edge_table.h"
#include "attribution/local_model.h"
#include "attribution/row_batches.h"
#include "attribution/setup.h"
#include "finite.h"
#include "offload.h"
#include "parallel_tasks.h"

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
        options_(options),
        control_(control),
        backward_(model.device().is_cpu() ? at::get_num_threads() : 1, Backward(local)) {}

  void addTargetRows(const Targets& targets, EdgeTable& table) {
    std::vector<PendingRow> rows;
    for (int64_t t = 0; t < targets.size(); ++t) {
      rows.push_back({t, targets.entryLayer[t], targets.position[t]});
    }
    forEachBatch(std::move(rows), [&](const std::vector<int64_t>& indices, Rows compute) {
      const at::Tensor vectors =
          targets.vectors.index_select(0, at::tensor(indices, at::kLong).to(model_.device()));
      const at::Tensor edges = compute(vectors);
      for (size_t r = 0; r < indices.size(); ++r) table.targetRow(indices[r]).copy_(edges[r]);
    });
  }

  void addFeatureRows(const std::vector<int64_t>& chosen, int64_t total, EdgeTable& table) {
    std::vector<PendingRow> rows;
    for (const int64_t i : chosen) rows.push_back({i, features_.layer[i], features_.position[i]});
    table.reserve(chosen);
    control_.report("attribute", done_, total);
    forEachBatch(std::move(rows), [&](const std::vector<int64_t>& indices, Rows compute) {
      control_.poll();
      const at::Tensor edges =
          compute(featureReadVectors(model_, transcoders_, trace_, features_, indices));
      for (size_t r = 0; r < indices.size(); ++r) table.featureRow(indices[r]).copy_(edges[r]);
      const std::lock_guard lock(reporting_);
      done_ += static_cast<int64_t>(indices.size());
      control_.report("attribute", done_, total);
    });
  }

 private:
  // Edge rows, on the CPU, of a batch's read vectors.
  using Rows = const std::function<at::Tensor(const at::Tensor& vectors)>&;

  // Batches run side by side on the CPU, together at most batchSize rows.
  template <typename Work>
  void forEachBatch(std::vector<PendingRow> rows, const Work& work) {
    const int64_t workers = static_cast<int64_t>(backward_.size());
    const int64_t evenly = (static_cast<int64_t>(rows.size()) + workers - 1) / workers;
    const int64_t batchSize = std::min(std::max<int64_t>(1, options_.batchSize / workers), evenly);
    const auto batches = planBatches(std::move(rows), batchSize);
    parallelTasks(static_cast<int64_t>(batches.size()), workers, [&](int64_t b, int64_t worker) {
      TargetRows targets;
      std::vector<int64_t> indices;
      for (const PendingRow& row : batches[b]) {
        targets.entryLayer.push_back(row.entryLayer);
        targets.position.push_back(row.position);
        indices.push_back(row.index);
      }
      work(indices, [&](const at::Tensor& vectors) {
        targets.vectors = vectors;
        const at::Tensor edges = backward_[worker].edgeRows(targets).to(at::kCPU);
        requireFinite(edges, "attribution rows");
        return edges;
      });
    });
  }

  const Transformer& model_;
  const TranscoderSet& transcoders_;
  const Trace& trace_;
  const SparseFeatures& features_;
  const AttributeOptions& options_;
  const JobControl& control_;
  std::vector<Backward> backward_;  // one per worker: each has buffers
  std::mutex reporting_;
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
