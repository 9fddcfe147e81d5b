#include "graph/graph_view.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "errors.h"

namespace circuit_tracer {
namespace {

struct Influence {
  std::vector<double> rowSums;  // [S + K]
  std::vector<double> nodes;    // [M]
};

// [S + K]. Throws CodedError ERR_NUMERIC when an edge isn't finite.
std::vector<double> finiteRowSums(const EdgeRows& rows) {
  std::vector<double> sums = absoluteRowSums(rows, kSmallestInput);
  for (size_t r = 0; r < sums.size(); ++r) {
    require(std::isfinite(sums[r]), "ERR_NUMERIC", "edge row ", r,
            " of the graph holds NaN or infinite weights; the graph file is damaged");
  }
  return sums;
}

Influence influenceOf(const GraphView& graph) {
  const EdgeRows rows = graph.rows();
  Influence out;
  out.rowSums = finiteRowSums(rows);
  out.nodes = sweepInfluence(rows, out.rowSums);
  return out;
}

// Influence of a row's node plus its own share of the outputs.
double outputInfluence(const GraphView& graph, const Influence& influence, int64_t r) {
  return r < graph.nFeatures() ? influence.nodes[r] : graph.logitProbability[r - graph.nFeatures()];
}

double errorShare(const GraphView& graph, const Influence& influence, int64_t r) {
  double sum = 0;
  for (int64_t c = graph.errorStart(); c < graph.tokenStart(); ++c) {
    sum += std::fabs(graph.row(r)[c]);
  }
  return sum / influence.rowSums[r];
}

}  // namespace

EdgeRows GraphView::rows() const {
  EdgeRows out;
  out.numbers = edges;
  for (int64_t r = 0; r < nRows(); ++r) {
    const bool isFeature = r < nFeatures();
    out.targets.node.push_back(nodeOfRow(r));
    out.targets.layer.push_back(isFeature ? featureLayer[r] : nLayers);
    out.targets.weight.push_back(isFeature ? 0.0 : logitProbability[r - nFeatures()]);
  }
  return out;
}

std::vector<double> nodeInfluence(const GraphView& graph) { return influenceOf(graph).nodes; }

at::Tensor edgeInfluence(const GraphView& graph) {
  const Influence influence = influenceOf(graph);
  at::Tensor out = at::empty({graph.nRows(), graph.nNodes()}, at::kFloat);
  float* scores = out.data_ptr<float>();
  const CurrentJob job;
  at::parallel_for(0, graph.nRows(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      job.poll();
      const double factor = outputInfluence(graph, influence, r) / influence.rowSums[r];
      for (int64_t c = 0; c < graph.nNodes(); ++c) {
        scores[r * graph.nNodes() + c] = static_cast<float>(factor * std::fabs(graph.row(r)[c]));
      }
    }
  });
  return out;
}

std::vector<double> totalEffects(const GraphView& graph, const std::vector<float>& activation,
                                 const JobControl& control) {
  finiteRowSums(graph.rows());
  const int64_t nFeatures = graph.nFeatures();
  std::vector<double> effects(graph.nLogits() * nFeatures);
  std::atomic<int64_t> done{0};
  control.report("total effects", 0, graph.nLogits());
  at::parallel_for(0, graph.nLogits(), 1, [&](int64_t first, int64_t last) {
    for (int64_t t = first; t < last; ++t) {
      double* effect = effects.data() + t * nFeatures;
      std::copy_n(graph.row(nFeatures + t), nFeatures, effect);
      for (int64_t k = nFeatures - 1; k > 0; --k) {
        const double passedOn = effect[k] / activation[k];
        if (passedOn == 0 || !std::isfinite(passedOn)) continue;
        control.poll();
        const float* inputs = graph.row(k);
        for (int64_t s = 0; s < k; ++s) effect[s] += passedOn * inputs[s];
      }
      control.report("total effects", ++done, graph.nLogits());
    }
  });
  return effects;
}

float largestEdge(const GraphView& graph) {
  std::vector<float> largest(graph.nRows(), 0);
  const CurrentJob job;
  at::parallel_for(0, graph.nRows(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      job.poll();
      for (int64_t c = 0; c < graph.nNodes(); ++c) {
        largest[r] = std::max(largest[r], std::fabs(graph.row(r)[c]));
      }
    }
  });
  return largest.empty() ? 0 : *std::max_element(largest.begin(), largest.end());
}

GraphScores scores(const GraphView& graph) {
  const Influence influence = influenceOf(graph);
  double tokens = 0, errors = 0;
  for (int64_t c = graph.errorStart(); c < graph.tokenStart(); ++c) errors += influence.nodes[c];
  for (int64_t c = graph.tokenStart(); c < graph.logitStart(); ++c) tokens += influence.nodes[c];
  // Errors and tokens have no inputs: nothing of theirs is unexplained.
  double explained = tokens + errors, total = tokens + errors;
  for (int64_t r = 0; r < graph.nRows(); ++r) {
    pollJob();
    const double output = outputInfluence(graph, influence, r);
    explained += (1 - errorShare(graph, influence, r)) * output;
    total += output;
  }
  return {tokens / (tokens + errors), explained / total};
}

}  // namespace circuit_tracer
