#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "graph/influence.h"
#include "job_control.h"

namespace circuit_tracer {

// A finished graph's rectangle: S features then K logits as rows; S features, L * n errors, n
// tokens, K logits as columns. M = S + L * n + n + K nodes, in column order.
struct GraphView {
  RowBlocks edges;                      // [S + K, M]
  std::vector<int64_t> featureLayer;    // [S] ascending
  std::vector<float> logitProbability;  // [K]
  int64_t nLayers = 0, nPositions = 0;

  int64_t nFeatures() const { return static_cast<int64_t>(featureLayer.size()); }
  int64_t nLogits() const { return static_cast<int64_t>(logitProbability.size()); }
  int64_t nRows() const { return nFeatures() + nLogits(); }
  int64_t errorStart() const { return nFeatures(); }
  int64_t tokenStart() const { return errorStart() + nLayers * nPositions; }
  int64_t logitStart() const { return tokenStart() + nPositions; }
  int64_t nNodes() const { return logitStart() + nLogits(); }
  const float* row(int64_t r) const { return edges.row(r); }
  // The node whose inputs row r holds.
  int64_t nodeOfRow(int64_t r) const {
    return r < nFeatures() ? r : logitStart() + r - nFeatures();
  }

  EdgeRows rows() const;
};

// Rows divided by their sums of absolute weights, at least this much.
constexpr double kSmallestInput = 1e-10;

// [M] influence of each node on the logits; 0 for the logits themselves.
// Throws CodedError ERR_NUMERIC when the edges are not finite.
std::vector<double> nodeInfluence(const GraphView& graph);

// float32 [S + K, M]: normalised edge weight times (influence of its target + its share of the
// outputs).
at::Tensor edgeInfluence(const GraphView& graph);

// [K, S] what adding each feature once more does to each output over all paths; its negative is
// what removing it does. An edge A[t, k] is the effect of feature k with all of its activation a_k.
// A pre-activation that changes by d is taken to change the activation by d as well, and so passes
// on d / a_k of k's edges:
//   u[t, s] = A[t, s] + sum over features k of (u[t, k] / a_k) * A[k, s]
// Features write to later layers only: one sweep from the last to the first solves it.
// Throws CodedError ERR_NUMERIC when the edges are not finite.
// `activation`: [S].
std::vector<double> totalEffects(const GraphView& graph, const std::vector<float>& activation,
                                 const JobControl& control);

// Largest |edge|, 0 of none. NaN counts as nothing.
float largestEdge(const GraphView& graph);

struct GraphScores {
  double replacement;   // share of input influence that comes from tokens, not errors
  double completeness;  // share of all nodes' inputs, weighted by influence, that isn't errors
};
GraphScores scores(const GraphView& graph);

}  // namespace circuit_tracer
