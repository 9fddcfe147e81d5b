#include "graph/graph_view.h"
#include "graph/influence.h"
#include "test/core/check.h"

namespace circuit_tracer::test {
namespace {

// One layer, one position: columns feature, error, token, output. The feature reads the token; the
// output reads feature, error and token with weights -3, 1 and 2.
const std::vector<float> kEdges = {0,  0, 2, 0,  //
                                   -3, 1, 2, 0};

GraphView smallGraph() {
  GraphView graph;
  graph.edges = {.blocks = {kEdges.data()}, .rowsPerBlock = 2, .columns = 4};
  graph.featureLayer = {0};
  graph.logitProbability = {0.5};
  graph.nLayers = 1;
  graph.nPositions = 1;
  return graph;
}

// Shares of the output's inputs: 1/2 feature, 1/6 error, 1/3 token; all of the feature's: token.
void influence() {
  const std::vector<double> found = nodeInfluence(smallGraph());
  expectClose(at::tensor(found, at::kDouble), floats({0.25, 0.5 / 6, 0.5 / 3 + 0.25, 0}, {4}));
}

void graphScores() {
  const GraphScores found = scores(smallGraph());
  expectClose(floats({static_cast<float>(found.replacement)}, {1}), floats({5.0f / 6}, {1}));
}

void largest() { expectEqual<float>({largestEdge(smallGraph())}, {3}); }

}  // namespace

std::vector<Test> graphTests() {
  return {{"influence follows shares of absolute weights", influence},
          {"the replacement score is the share that comes from tokens", graphScores},
          {"the largest edge is the largest by its absolute value", largest}};
}

}  // namespace circuit_tracer::test
