#include "attribution/edge_table.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "graph/influence.h"

namespace circuit_tracer {
namespace {

// Rows that sum to less count as this much when ranking, so that a row of zeros has no influence.
constexpr double kSmallestRowSum = 1e-8;

}  // namespace

EdgeTable::EdgeTable(const SparseFeatures& features, const Targets& targets, int64_t nLayers,
                     int64_t maxRows, int64_t columns)
    : features_(features),
      targets_(targets),
      nLayers_(nLayers),
      rows_(at::empty({targets.size() + maxRows, columns}, at::kFloat)),
      featureRow_(features.size(), -1) {}

void EdgeTable::reserve(const std::vector<int64_t>& features) {
  for (const int64_t feature : features) {
    featureRow_[feature] = targets_.size() + static_cast<int64_t>(addedFeature_.size());
    addedFeature_.push_back(feature);
  }
}

std::vector<int64_t> EdgeTable::mostInfluential(int64_t count) const {
  EdgeRows rows;
  rows.data = rows_.const_data_ptr<float>();
  rows.stride = rows.columns = rows_.size(1);
  for (int64_t t = 0; t < targets_.size(); ++t) {
    rows.node.push_back(-1);
    rows.layer.push_back(nLayers_);
    rows.weight.push_back(targets_.weight[t]);
  }
  for (const int64_t feature : addedFeature_) {
    rows.node.push_back(feature);
    rows.layer.push_back(features_.layer[feature]);
    rows.weight.push_back(0);
  }
  const auto influence = sweepInfluence(rows, absoluteRowSums(rows, kSmallestRowSum));
  std::vector<int64_t> waiting;
  for (int64_t i = 0; i < features_.size(); ++i) {
    if (featureRow_[i] < 0) waiting.push_back(i);
  }
  count = std::min(count, static_cast<int64_t>(waiting.size()));
  std::partial_sort(waiting.begin(), waiting.begin() + count, waiting.end(),
                    [&](int64_t a, int64_t b) {
                      return influence[a] != influence[b] ? influence[a] > influence[b] : a < b;
                    });
  waiting.resize(count);
  return waiting;
}

std::vector<int64_t> EdgeTable::selected() const {
  std::vector<int64_t> chosen = addedFeature_;
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

at::Tensor EdgeTable::takeRectangle() {
  const std::vector<int64_t> chosen = selected();
  const int64_t nSelected = static_cast<int64_t>(chosen.size());
  const int64_t nTargets = targets_.size();
  const int64_t rest = rows_.size(1) - features_.size();
  const int64_t width = nSelected + rest + nTargets;
  at::Tensor out = at::empty({nSelected + nTargets, width}, at::kFloat);
  const float* source = rows_.const_data_ptr<float>();
  float* destination = out.data_ptr<float>();
  const int64_t stride = rows_.size(1);
  at::parallel_for(0, nSelected + nTargets, 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* from =
          source + stride * (r < nSelected ? featureRow_[chosen[r]] : r - nSelected);
      float* to = destination + width * r;
      for (int64_t c = 0; c < nSelected; ++c) to[c] = from[chosen[c]];
      std::copy(from + features_.size(), from + stride, to + nSelected);
      std::fill(to + nSelected + rest, to + width, 0.0f);
    }
  });
  rows_ = at::Tensor();
  return out;
}

}  // namespace circuit_tracer
