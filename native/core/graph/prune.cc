#include "graph/prune.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>

#include "graph/score_cut.h"
#include "job_control.h"

namespace circuit_tracer {
namespace {

std::vector<float> cumulativeShares(const std::vector<double>& influence) {
  std::vector<int64_t> order(influence.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return influence[a] > influence[b]; });
  const double total = std::accumulate(influence.begin(), influence.end(), 0.0);
  std::vector<float> shares(influence.size());
  double sum = 0;
  for (const int64_t i : order) {
    sum += influence[i];
    shares[i] = static_cast<float>(sum / total);
  }
  return shares;
}

void keepInfluentialNodes(const GraphView& graph, const std::vector<double>& influence,
                          double threshold, PruneResult& result) {
  const std::vector<float> scores(influence.begin(), influence.end());
  const float cut = scoreCut({{scores.data(), graph.nNodes(), 1.0}}, threshold);
  result.nodeCut = cut;
  result.nodeMask.resize(graph.nNodes());
  for (int64_t i = 0; i < graph.nNodes(); ++i) {
    result.nodeMask[i] = i >= graph.tokenStart() || scores[i] >= cut;
  }
}

// The rows and columns of the kept nodes, packed.
struct KeptSubgraph {
  std::vector<int64_t> columns;  // node of each packed column
  std::vector<int64_t> rows;     // row of the whole graph of each packed row
  std::vector<float> weights;    // [rows, columns]

  const float* row(int64_t r) const { return weights.data() + r * columns.size(); }
};

KeptSubgraph packKept(const GraphView& graph, const std::vector<uint8_t>& nodeMask) {
  KeptSubgraph kept;
  for (int64_t i = 0; i < graph.nNodes(); ++i) {
    if (nodeMask[i]) kept.columns.push_back(i);
  }
  for (int64_t r = 0; r < graph.nRows(); ++r) {
    if (nodeMask[graph.nodeOfRow(r)]) kept.rows.push_back(r);
  }
  const int64_t width = static_cast<int64_t>(kept.columns.size());
  kept.weights.resize(kept.rows.size() * kept.columns.size());
  const CurrentJob job;
  at::parallel_for(0, static_cast<int64_t>(kept.rows.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      job.poll();
      const float* from = graph.row(kept.rows[r]);
      float* to = kept.weights.data() + r * width;
      for (int64_t c = 0; c < width; ++c) to[c] = from[kept.columns[c]];
    }
  });
  return kept;
}

// Edge scores of the packed rows: normalised weight times (influence of the target within the
// subgraph + its share of the outputs).
std::vector<ScoreSpan> edgeScores(const GraphView& graph, const KeptSubgraph& kept) {
  EdgeRows rows;
  rows.numbers = {{kept.weights.data()},
                  std::max<int64_t>(1, static_cast<int64_t>(kept.rows.size())),
                  static_cast<int64_t>(kept.columns.size())};
  for (const int64_t r : kept.rows) {
    const auto column =
        std::lower_bound(kept.columns.begin(), kept.columns.end(), graph.nodeOfRow(r));
    const bool isFeature = r < graph.nFeatures();
    rows.targets.node.push_back(column - kept.columns.begin());
    rows.targets.layer.push_back(isFeature ? graph.featureLayer[r] : graph.nLayers);
    rows.targets.weight.push_back(isFeature ? 0.0 : graph.logitProbability[r - graph.nFeatures()]);
  }
  const auto rowSums = absoluteRowSums(rows, kSmallestInput);
  const auto influence = sweepInfluence(rows, rowSums);
  std::vector<ScoreSpan> spans;
  for (int64_t r = 0; r < rows.size(); ++r) {
    const double output = influence[rows.targets.node[r]] + rows.targets.weight[r];
    spans.push_back({rows.row(r), rows.columns(), output / rowSums[r]});
  }
  return spans;
}

void keepInfluentialEdges(const GraphView& graph, double threshold, PruneResult& result) {
  const KeptSubgraph kept = packKept(graph, result.nodeMask);
  const auto spans = edgeScores(graph, kept);
  const float cut = scoreCut(spans, threshold);
  result.edgeCut = cut;
  for (size_t r = 0; r < spans.size(); ++r) {
    pollJob();
    for (int64_t c = 0; c < spans[r].count; ++c) {
      const float score = scoreOf(spans[r], c);
      if (score <= 0 || score < cut) continue;
      result.edgeTargets.push_back(static_cast<int32_t>(graph.nodeOfRow(kept.rows[r])));
      result.edgeSources.push_back(static_cast<int32_t>(kept.columns[c]));
      result.edgeWeights.push_back(spans[r].weights[c]);
    }
  }
}

// Drops features and errors without outputs and features without inputs. True if any was dropped.
bool dropDeadEnds(const GraphView& graph, PruneResult& result) {
  std::vector<uint8_t> hasOutput(graph.nNodes(), 0), hasInput(graph.nNodes(), 0);
  for (size_t e = 0; e < result.edgeTargets.size(); ++e) {
    hasInput[result.edgeTargets[e]] = 1;
    hasOutput[result.edgeSources[e]] = 1;
  }
  bool changed = false;
  for (int64_t i = 0; i < graph.tokenStart(); ++i) {
    const bool isFeature = i < graph.nFeatures();
    if (!result.nodeMask[i] || (hasOutput[i] && (hasInput[i] || !isFeature))) continue;
    result.nodeMask[i] = 0;
    changed = true;
  }
  return changed;
}

void dropEdgesOfDroppedNodes(PruneResult& result) {
  size_t kept = 0;
  for (size_t e = 0; e < result.edgeTargets.size(); ++e) {
    if (!result.nodeMask[result.edgeTargets[e]] || !result.nodeMask[result.edgeSources[e]])
      continue;
    result.edgeTargets[kept] = result.edgeTargets[e];
    result.edgeSources[kept] = result.edgeSources[e];
    result.edgeWeights[kept] = result.edgeWeights[e];
    ++kept;
  }
  result.edgeTargets.resize(kept);
  result.edgeSources.resize(kept);
  result.edgeWeights.resize(kept);
}

}  // namespace

PruneResult prune(const GraphView& graph, double nodeThreshold, double edgeThreshold) {
  PruneResult result;
  const CurrentJob job;
  job.report("prune", 0, 3);
  const auto influence = nodeInfluence(graph);
  job.report("prune", 1, 3);
  result.cumulativeScores = cumulativeShares(influence);
  keepInfluentialNodes(graph, influence, nodeThreshold, result);
  keepInfluentialEdges(graph, edgeThreshold, result);
  job.report("prune", 2, 3);
  while (dropDeadEnds(graph, result)) {
    job.poll();
    dropEdgesOfDroppedNodes(result);
  }
  job.report("prune", 3, 3);
  return result;
}

}  // namespace circuit_tracer
