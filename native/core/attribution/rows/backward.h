#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attribution/local_model/local_model.h"
#include "attribution/rows/edge_blocks.h"
#include "attribution/rows/row_layout.h"

namespace circuit_tracer {

// The target rows of a batch and where each one's gradient enters the backward pass. Feature rows
// enter at their own layer, between the MLP and (in sequential blocks) the attention; logit rows at
// layer nLayers.
struct TargetRows {
  at::Tensor residualGradients;     // [R, D] of each target, at its own position
  std::vector<int64_t> entryLayer;  // [R] descending
  std::vector<int64_t> position;    // [R] descending among rows of one layer

  int64_t size() const { return static_cast<int64_t>(position.size()); }
};

// Numbers that one row takes at one position in Backward's buffers.
struct BufferWidths {
  int64_t gradient;  // each of two: the gradient, and what is computed from it
  int64_t head;      // the gradient at one head, or what a skip adds
  int64_t values;    // the gradient at the values of one head

  int64_t total() const { return 2 * gradient + head + values; }
};
BufferWidths bufferWidths(const LocalModel& local);

// The written-out backward pass of a LocalModel: target rows in, edge rows out. Gradients lie
// ragged (see RowLayout), so that every product at one position is contiguous, and a row costs
// nothing above its layer or after its position. Its first attention works on one position. Buffers
// are reused between calls. docs/internals/attribution.md derives the recursion.
class Backward {
 public:
  explicit Backward(const LocalModel& local) : local_(local) {}

  // Edges [blocks().total()], valid until the next call. Those from sources of a row's own layer
  // and above are undefined.
  at::Tensor edgeRows(const TargetRows& targets);
  // Where the edges of the last call lie.
  const EdgeBlocks& blocks() const { return blocks_; }

  const LocalModel& local() const { return local_; }

 private:
  void reserve(int64_t slots);
  void enter(const TargetRows& targets, int64_t layer);
  void grow(int64_t rows);
  void accumulateEdges(int64_t layer, at::Tensor& edges);
  void tokenEdges(at::Tensor& edges);
  void passBlock(const TargetRows& targets, int64_t layer);
  void passParallelBlock(int64_t layer);
  void addSkip(int64_t layer);
  void passSinglePositions(int64_t layer, const TargetRows& targets, int64_t firstRow);
  at::Tensor mixValues(int64_t layer);
  void mixHead(const at::Tensor& pattern, const at::Tensor& atHead, bool first, at::Tensor& values);
  void addValues(int64_t layer, const at::Tensor& values);
  void padHead(const at::Tensor& ragged, at::Tensor& padded) const;
  void unpadHead(const at::Tensor& padded, at::Tensor ragged) const;
  at::Tensor buffer(at::Tensor& storage, at::IntArrayRef shape);
  at::Tensor onDevice(const std::vector<int64_t>& indices) const;
  // The slots of position q of a ragged tensor [layout.total(), ...].
  at::Tensor atPosition(const at::Tensor& ragged, int64_t q) const {
    return ragged.narrow(0, layout_.first(q), layout_.countAt(q));
  }

  // The gradient buffer not in use: rows enter into it, and in between it holds other things.
  at::Tensor& spare() { return gradientStorage_[1 - current_]; }

  const LocalModel& local_;
  RowLayout layout_;
  EdgeBlocks blocks_;
  at::Tensor gradient_;     // G: [layout.total(), D]
  at::Tensor paddedSlots_;  // of the layout; on GPUs only
  at::Tensor headStorage_, valueStorage_, edgeStorage_;
  at::Tensor gradientStorage_[2];
  int current_ = 0;
};

}  // namespace circuit_tracer
