#include "attribution/edges/edge_table.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <numeric>

#include "errors.h"
#include "finite.h"
#include "job_control.h"

namespace circuit_tracer {
namespace {

// Row sums are at least this when ranking, so that a row of zeros has no influence.
constexpr double kSmallestRowSum = 1e-8;

// Copies and adds up absolute values.
double copyNumbers(const float* from, int64_t count, float* to) {
  std::memcpy(to, from, count * sizeof(float));
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += std::fabs(from[i]);
  return sum;
}

void requireMemory(bool allocated, int64_t rows, int64_t numbers) {
  require(allocated, "ERR_OUT_OF_MEMORY", "edges of ", rows, " rows take ",
          (numbers * static_cast<int64_t>(sizeof(float))) >> 20,
          " MiB, more than could be allocated.");
}

}  // namespace

EdgeTable::EdgeTable(const SparseFeatures& features, const Targets& targets,
                     const SourceColumns& columns, int64_t nRows, const EdgeMemory& memory)
    : features_(features),
      targets_(targets),
      columns_(columns),
      nRows_(nRows),
      memory_(memory),
      packed_(nRows + targets.size()),
      rowSums_(nRows + targets.size()),
      featureRow_(features.size(), -1) {
  requireRoom();
  if (nRows_ == features_.size()) {
    addedFeature_.resize(nRows_);
    std::iota(addedFeature_.begin(), addedFeature_.end(), 0);
    featureRow_ = addedFeature_;
  }
  if (allChosen()) {
    moveToRectangle();
  } else {
    reservePacked(nRows_, size());
  }
}

void EdgeTable::reserve(const std::vector<int64_t>& features) {
  if (allChosen()) return;
  const auto firstRow = static_cast<int64_t>(addedFeature_.size());
  for (const int64_t feature : features) {
    featureRow_[feature] = static_cast<int64_t>(addedFeature_.size());
    addedFeature_.push_back(feature);
  }
  if (allChosen()) {
    moveToRectangle();
  } else {
    reservePacked(firstRow, static_cast<int64_t>(addedFeature_.size()));
  }
}

void EdgeTable::reservePacked(int64_t firstRow, int64_t endRow) {
  int64_t numbers = 0;
  for (int64_t r = firstRow; r < endRow; ++r) numbers += packedSize(r);
  std::unique_ptr<float[]> block(new (std::nothrow) float[numbers]);
  requireMemory(block != nullptr, endRow - firstRow, numbers);
  float* begin = block.get();
  for (int64_t r = firstRow; r < endRow; begin += packedSize(r++)) packed_[r] = begin;
  blocks_.push_back({std::move(block), firstRow, endRow});
}

// Block by block: while the rectangle fills, packed memory shrinks.
void EdgeTable::moveToRectangle() {
  columnFeature_ = selected();
  rectangle_ = OwnedRowBlocks(size(), width(nRows_), memory_.block);
  const CurrentJob job;
  for (PackedBlock& block : blocks_) {
    at::parallel_for(block.firstRow, block.endRow, 16, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        job.poll();
        unpack(r, packed_[r]);
      }
    });
    block.numbers.reset();
  }
  blocks_.clear();
  packed_.clear();
}

// Feature rows in final order, then target rows.
float* EdgeTable::rectangleRow(int64_t row) const {
  if (row >= nRows_) return rectangle_.row(row);
  const auto place =
      std::lower_bound(columnFeature_.begin(), columnFeature_.end(), addedFeature_[row]);
  return rectangle_.row(place - columnFeature_.begin());
}

int64_t EdgeTable::layerOfRow(int64_t row) const {
  return row < nRows_ ? features_.layer[addedFeature_[row]] : targets_.entryLayer[row - nRows_];
}

int64_t EdgeTable::positionOfRow(int64_t row) const {
  return row < nRows_ ? features_.position[addedFeature_[row]] : targets_.position[row - nRows_];
}

int64_t EdgeTable::packedSize(int64_t row) const {
  return packedSizeAt(layerOfRow(row), positionOfRow(row));
}

int64_t EdgeTable::packedSizeAt(int64_t layer, int64_t position) const {
  return columns_.featuresWithin(layer, position) + (layer + 1) * (position + 1);
}

// Columns of the rectangle with nRows feature rows.
int64_t EdgeTable::width(int64_t nRows) const {
  return nRows + columns_.total() - columns_.nFeatures + targets_.size();
}

// An upper bound on the memory that nRows feature rows of `packedNumbers` numbers each are written
// to. Where features are ranked, a row may lie packed while the rectangle is filled, of which at
// most the half below the diagonal is written.
double EdgeTable::bytesFor(int64_t nRows, double packedNumbers) const {
  const double packed = packedNumbers * static_cast<double>(nRows + targets_.size());
  const double rectangle =
      static_cast<double>(nRows + targets_.size()) * static_cast<double>(width(nRows)) / 2;
  const bool all = nRows == features_.size();
  return sizeof(float) * (all ? packed : packed + rectangle);
}

void EdgeTable::requireRoom() const {
  double packed = 0;
  for (int64_t i = 0; i < features_.size(); ++i) {
    packed += static_cast<double>(packedSizeAt(features_.layer[i], features_.position[i]));
  }
  packed /= std::max<double>(1, static_cast<double>(features_.size()));
  const auto fits = [&](int64_t nRows) { return bytesFor(nRows, packed) <= memory_.most; };
  if (fits(nRows_)) return;
  int64_t enough = 0, tooMany = nRows_;
  while (tooMany - enough > 1) {
    const int64_t middle = (enough + tooMany) / 2;
    (fits(middle) ? enough : tooMany) = middle;
  }
  const auto mebibytes = [](double bytes) { return static_cast<int64_t>(bytes) >> 20; };
  require(false, "ERR_OUT_OF_MEMORY", "edges of ", nRows_, " features take ",
          mebibytes(bytesFor(nRows_, packed)), " MiB, and this process may take ",
          memory_.most >> 20, " MiB more. Set maxFeatureNodes to at most ", enough, ".");
}

void EdgeTable::fill(int64_t row, const std::vector<const float*>& atPosition) {
  std::vector<float> passing(allChosen() ? packedSize(row) : 0);
  float* packed = allChosen() ? passing.data() : packed_[row];
  rowSums_[row] = pack(row, atPosition, packed);
  requireFinite(rowSums_[row], "attribution rows");
  if (allChosen()) unpack(row, packed);
}

// Returns the sum of absolute values.
double EdgeTable::pack(int64_t row, const std::vector<const float*>& atPosition,
                       float* packed) const {
  const int64_t positions = positionOfRow(row) + 1;
  const int64_t layers = layerOfRow(row);
  double sum = 0;
  const auto take = [&](int64_t q, int64_t column, int64_t count) {
    sum += copyNumbers(atPosition[q] + column, count, packed);
    packed += count;
  };
  for (int64_t l = 0; l < layers; ++l) {
    for (int64_t q = 0; q < positions; ++q) {
      take(q, columns_.run(l, q).firstAtPosition, columns_.run(l, q).count);
    }
  }
  for (int64_t l = 0; l < layers; ++l) {
    for (int64_t q = 0; q < positions; ++q) take(q, columns_.errorAt(q, l), 1);
  }
  for (int64_t q = 0; q < positions; ++q) take(q, columns_.tokenAt[q], 1);
  return sum;
}

// Puts a row's numbers into its row of the rectangle, which is zero: those of chosen features, then
// errors and tokens.
void EdgeTable::unpack(int64_t row, const float* packed) const {
  const std::vector<int64_t>& chosen = columnFeature_;
  float* to = rectangleRow(row);
  const int64_t position = positionOfRow(row);
  const int64_t layers = layerOfRow(row);
  auto next = chosen.begin();
  for (int64_t l = 0; l < layers; ++l) {
    const int64_t first = columns_.featuresBelow(l);
    const int64_t below = columns_.featuresWithin(l, position);
    const int64_t end = first + columns_.featuresWithin(l + 1, position) - below;
    next = std::lower_bound(next, chosen.end(), first);
    for (; next != chosen.end() && *next < end; ++next) {
      to[next - chosen.begin()] = packed[below + *next - first];
    }
  }
  packed += columns_.featuresWithin(layers, position);
  to += chosen.size();
  for (int64_t l = 0; l <= layers; ++l, packed += position + 1) {
    const int64_t block = l < layers ? l : columns_.nLayers;  // errors of layers, then tokens
    std::copy_n(packed, position + 1, to + block * columns_.nPositions);
  }
}

std::vector<int64_t> EdgeTable::mostInfluential(int64_t count) const {
  RowTargets rows;
  const int64_t filled = static_cast<int64_t>(addedFeature_.size());
  std::vector<double> sums;
  for (int64_t r = 0; r < size(); ++r) {
    const bool waits = r >= filled && r < nRows_;
    rows.node.push_back(r < filled ? addedFeature_[r] : -1);
    rows.layer.push_back(waits ? 0 : layerOfRow(r));
    rows.weight.push_back(r < nRows_ ? 0 : targets_.weight[r - nRows_]);
    sums.push_back(std::max(rowSums_[r], kSmallestRowSum));
  }
  const auto influence =
      sweepInfluence(rows, sums, features_.size(),
                     [this](const std::vector<WeightedRow>& rows, int64_t layer,
                            std::vector<double>& influence) { addPacked(rows, layer, influence); });
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

// A thread takes source layers of its own.
void EdgeTable::addPacked(const std::vector<WeightedRow>& rows, int64_t layer,
                          std::vector<double>& influence) const {
  const CurrentJob job;
  at::parallel_for(0, layer, 1, [&](int64_t firstLayer, int64_t lastLayer) {
    for (int64_t l = firstLayer; l < lastLayer; ++l) {
      double* ofLayer = influence.data() + columns_.featuresBelow(l);
      for (const auto& [row, weight] : rows) {
        job.poll();
        const int64_t position = positionOfRow(row);
        const int64_t below = columns_.featuresWithin(l, position);
        const int64_t count = columns_.featuresWithin(l + 1, position) - below;
        addAbsolute(packed_[row] + below, count, weight, ofLayer);
      }
    }
  });
}

std::vector<int64_t> EdgeTable::selected() const {
  std::vector<int64_t> chosen = addedFeature_;
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace circuit_tracer
