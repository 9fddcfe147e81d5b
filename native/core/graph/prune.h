#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph_view.h"

namespace circuit_tracer {

struct PruneResult {
  std::vector<uint8_t> nodeMask;                  // [M]
  std::vector<float> cumulativeScores;            // [M] share of influence at each node's rank
  std::vector<int32_t> edgeTargets, edgeSources;  // [E] node indices, sorted by (target, source)
  std::vector<float> edgeWeights;                 // [E]
  double nodeCut = 0, edgeCut = 0;                // smallest influence and edge score kept
};

// Keeps the fewest nodes that hold `nodeThreshold` of all node influence, plus all tokens and
// logits; of the edges among them, the fewest that hold `edgeThreshold` of all edge influence; then
// drops, until nothing changes, features and errors nothing leaves and features nothing enters.
// Edges of weight zero are never kept.
PruneResult prune(const GraphView& graph, double nodeThreshold, double edgeThreshold);

}  // namespace circuit_tracer
