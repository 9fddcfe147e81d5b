#include "graph/score_cut.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "job_control.h"

namespace circuit_tracer {
namespace {

// Positive floats order like their bit patterns. The top 16 bits are the exponent and 7 bits of
// mantissa: scores of one bucket differ by less than 1 %.
constexpr int kBucketShift = 16;
constexpr size_t kBuckets = size_t{1} << (32 - kBucketShift);

// Less one; a power of two.
constexpr uint32_t kComparisonsBetweenPolls = (1u << 16) - 1;

uint32_t bucketOf(float score) {
  uint32_t bits;
  std::memcpy(&bits, &score, sizeof bits);
  return bits >> kBucketShift;
}

}  // namespace

float scoreCut(const std::vector<ScoreSpan>& spans, double share) {
  std::vector<double> sums(kBuckets, 0.0);
  for (const ScoreSpan& span : spans) {
    pollJob();
    for (int64_t i = 0; i < span.count; ++i) {
      const float score = scoreOf(span, i);
      sums[bucketOf(score)] += score;
    }
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  if (total == 0) return std::numeric_limits<float>::infinity();

  const double wanted = share * total;
  double above = 0;
  size_t bucket = kBuckets;
  for (size_t b = kBuckets; b-- > 0;) {
    if (sums[b] == 0) continue;
    if (bucket != kBuckets) above += sums[bucket];
    bucket = b;
    if (above + sums[b] >= wanted) break;
  }
  // Rounding can leave the total just short of `wanted`: the lowest bucket in use is then searched.

  std::vector<float> candidates;
  for (const ScoreSpan& span : spans) {
    pollJob();
    for (int64_t i = 0; i < span.count; ++i) {
      const float score = scoreOf(span, i);
      if (score > 0 && bucketOf(score) == bucket) candidates.push_back(score);
    }
  }
  // Scores that are all alike fall into one bucket, and sorting that takes seconds.
  uint32_t compared = 0;
  std::sort(candidates.begin(), candidates.end(), [&compared](float a, float b) {
    if ((++compared & kComparisonsBetweenPolls) == 0) pollJob();
    return a > b;
  });
  for (const float score : candidates) {
    above += score;
    if (above >= wanted) return score;
  }
  return candidates.back();
}

}  // namespace circuit_tracer
