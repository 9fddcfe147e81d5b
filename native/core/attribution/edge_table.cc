#include "attribution/edge_table.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "errors.h"
#include "finite.h"

namespace circuit_tracer {
namespace {

// Rows that sum to less count as this much when ranking, so that a row of zeros has no influence.
constexpr double kSmallestRowSum = 1e-8;

// Copies and adds up absolute values.
double copyNumbers(const float* from, int64_t count, float* to) {
  std::memcpy(to, from, count * sizeof(float));
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += std::fabs(from[i]);
  return sum;
}

}  // namespace

EdgeTable::EdgeTable(const SparseFeatures& features, const Targets& targets,
                     const SourceColumns& columns, int64_t nRows)
    : features_(features),
      targets_(targets),
      columns_(columns),
      nRows_(nRows),
      stride_(columns.total() + targets.size()),
      memory_(static_cast<float*>(std::calloc((nRows + targets.size()) * stride_, sizeof(float))),
              &std::free),
      rowSums_(nRows + targets.size()),
      featureRow_(features.size(), -1) {
  const int64_t rows = nRows + targets.size();
  require(memory_ != nullptr, "ERR_OUT_OF_MEMORY", "edges of ", rows, " rows from ", stride_,
          " nodes take ", (rows * stride_ * sizeof(float)) >> 20,
          " MiB, more than could be allocated.");
}

void EdgeTable::reserve(const std::vector<int64_t>& features) {
  for (const int64_t feature : features) {
    featureRow_[feature] = static_cast<int64_t>(addedFeature_.size());
    addedFeature_.push_back(feature);
  }
}

int64_t EdgeTable::layerOfRow(int64_t row) const {
  return row < nRows_ ? features_.layer[addedFeature_[row]] : targets_.entryLayer[row - nRows_];
}

int64_t EdgeTable::positionOfRow(int64_t row) const {
  return row < nRows_ ? features_.position[addedFeature_[row]] : targets_.position[row - nRows_];
}

void EdgeTable::fill(int64_t row, const float* working) {
  const int64_t positions = positionOfRow(row) + 1;
  const int64_t layers = layerOfRow(row);
  float* to = rowAt(row);
  double sum = 0;
  for (int64_t l = 0; l < layers; ++l) {
    for (int64_t q = 0; q < positions; ++q) {
      const FeatureRun& run = columns_.run(l, q);
      sum += copyNumbers(working + run.firstWorking, run.count, to + run.firstFinal);
    }
    const int64_t errors = columns_.error(l, 0);
    sum += copyNumbers(working + errors, positions, to + errors);
  }
  const int64_t tokens = columns_.token(0);
  sum += copyNumbers(working + tokens, positions, to + tokens);
  requireFinite(sum, "attribution rows");
  rowSums_[row] = sum;
}

std::vector<int64_t> EdgeTable::mostInfluential(int64_t count) const {
  EdgeRows rows;
  rows.data = memory_.get();
  rows.stride = stride_;
  rows.columns = columns_.nFeatures;
  for (int64_t l = 0; l <= columns_.nLayers; ++l) {
    rows.columnsBelow.push_back(columns_.featuresBelow(l));
  }
  const int64_t filled = static_cast<int64_t>(addedFeature_.size());
  std::vector<double> sums;
  for (int64_t r = 0; r < nRows_ + targets_.size(); ++r) {
    const bool waits = r >= filled && r < nRows_;
    rows.node.push_back(r < filled ? addedFeature_[r] : -1);
    rows.layer.push_back(waits ? 0 : layerOfRow(r));
    rows.weight.push_back(r < nRows_ ? 0 : targets_.weight[r - nRows_]);
    sums.push_back(std::max(rowSums_[r], kSmallestRowSum));
  }
  const auto influence = sweepInfluence(rows, sums);
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
  const int64_t rows = nRows_ + targets_.size();
  const int64_t width = stride_ - columns_.nFeatures + nRows_;
  if (width < stride_) keepColumns(chosen);
  sortRows(chosen, width);
  float* begin = memory_.release();
  if (width < stride_) {
    for (int64_t r = 1; r < rows; ++r) {
      std::memmove(begin + r * width, begin + r * stride_, width * sizeof(float));
    }
    void* shrunk = std::realloc(begin, std::max<int64_t>(rows * width, 1) * sizeof(float));
    if (shrunk != nullptr) begin = static_cast<float*>(shrunk);
  }
  return at::from_blob(
      begin, {rows, width}, [](void* memory) { std::free(memory); }, at::kFloat);
}

// Moves each row's columns of chosen features, and those after the features, to its front.
void EdgeTable::keepColumns(const std::vector<int64_t>& chosen) {
  const int64_t rest = stride_ - columns_.nFeatures;
  at::parallel_for(0, nRows_ + targets_.size(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* row = rowAt(r);
      for (size_t c = 0; c < chosen.size(); ++c) row[c] = row[chosen[c]];
      std::memmove(row + chosen.size(), row + columns_.nFeatures, rest * sizeof(float));
    }
  });
}

// Puts the rows of features into the features' order, one cycle of the permutation after the other.
void EdgeTable::sortRows(const std::vector<int64_t>& chosen, int64_t width) {
  const size_t bytes = width * sizeof(float);
  std::vector<float> first(width);
  std::vector<bool> done(chosen.size(), false);
  for (int64_t start = 0; start < nRows_; ++start) {
    if (done[start] || featureRow_[chosen[start]] == start) continue;
    std::memcpy(first.data(), rowAt(start), bytes);
    int64_t to = start;
    for (int64_t from = featureRow_[chosen[to]]; from != start; from = featureRow_[chosen[to]]) {
      std::memcpy(rowAt(to), rowAt(from), bytes);
      done[to] = true;
      to = from;
    }
    std::memcpy(rowAt(to), first.data(), bytes);
    done[to] = true;
  }
}

}  // namespace circuit_tracer
