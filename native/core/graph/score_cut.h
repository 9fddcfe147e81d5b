#pragma once

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// Scores factor * |weights[i]|, i = 0 .. count-1.
struct ScoreSpan {
  const float* weights;
  int64_t count;
  double factor;
};

// The largest cut such that the scores >= cut hold at least `share` of the sum of all scores;
// infinity when no score is positive. Two passes over the scores and a sort of the few in one
// bucket, in place of a sort of all.
float scoreCut(const std::vector<ScoreSpan>& spans, double share);

inline float scoreOf(const ScoreSpan& span, int64_t i) {
  const float weight = span.weights[i];
  return static_cast<float>(span.factor * (weight < 0 ? -weight : weight));
}

}  // namespace circuit_tracer
