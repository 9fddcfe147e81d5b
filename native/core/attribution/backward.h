#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attribution/local_model.h"

namespace circuit_tracer {

// Where each row's read vector enters the backward pass. Feature rows enter at their own layer,
// between the MLP and (in sequential blocks) the attention; logit rows at layer nLayers.
struct TargetRows {
  at::Tensor vectors;               // [R, D] in the residual stream
  std::vector<int64_t> entryLayer;  // [R] descending
  std::vector<int64_t> position;    // [R]

  int64_t size() const { return static_cast<int64_t>(entryLayer.size()); }
};

// Numbers a row takes at each position in Backward's buffers.
struct BufferWidths {
  int64_t gradient;  // held twice
  int64_t head;      // one head, or what a skip adds
  int64_t values;    // of one head

  int64_t total() const { return 2 * gradient + head + values; }
};
BufferWidths bufferWidths(const LocalModel& local);

// The written-out backward pass of a LocalModel: target rows in, edge rows out. Gradients are
// position-major, [m, R, D], so that every product at one position is contiguous; rows not yet
// entered and positions after the last target take no work, and the first attention of a row works
// on one position. Buffers are reused between calls.
class Backward {
 public:
  explicit Backward(const LocalModel& local) : local_(local) {}

  // Edge rows [R, columns().total()] in working order, valid until the next call. What a row can't
  // depend on is left undefined: sources of its own layer and above.
  at::Tensor edgeRows(const TargetRows& targets);
  // Of the last call: up to its last target's position.
  WorkingColumns columns() const { return local_.columns.upTo(positions_); }

  const LocalModel& local() const { return local_; }

 private:
  void enter(const TargetRows& targets, int64_t layer);
  void readOff(int64_t layer, at::Tensor& edges);
  void readOffTokens(at::Tensor& edges);
  void addSkip(int64_t layer);
  void grow(int64_t rows);
  void passBlock(const TargetRows& targets, int64_t layer);
  void passParallelBlock(int64_t layer);
  at::Tensor mixValues(int64_t layer);
  void mixHead(const at::Tensor& pattern, const at::Tensor& atHead, bool first, at::Tensor& values);
  void addValues(int64_t layer, const at::Tensor& values);
  void passSinglePositions(int64_t layer, int64_t firstRow);
  void reserve(int64_t rows);
  at::Tensor buffer(at::Tensor& storage, at::IntArrayRef shape);
  at::Tensor places(int64_t firstRow) const;

  // The other one is needed only when rows enter, and free for what is computed in between.
  at::Tensor& spare() { return gradientStorage_[1 - current_]; }

  const LocalModel& local_;
  int64_t positions_ = 0;                 // m
  int64_t entered_ = 0;                   // rows with a gradient so far: a prefix
  at::Tensor gradient_;                   // [m, entered, D]
  at::Tensor rowPositions_, rowNumbers_;  // [R] int64
  at::Tensor headStorage_, valueStorage_, edgeStorage_;
  at::Tensor gradientStorage_[2];
  int current_ = 0;
};

}  // namespace circuit_tracer
