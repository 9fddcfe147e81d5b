#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attribution/local_model/local_model.h"
#include "attribution/rows/edge_blocks.h"
#include "attribution/rows/row_layout.h"

namespace circuit_tracer {

// Where each row's read vector enters the backward pass. Feature rows enter at their own layer,
// between the MLP and (in sequential blocks) the attention; logit rows at layer nLayers.
struct TargetRows {
  at::Tensor vectors;               // [R, D] in the residual stream
  std::vector<int64_t> entryLayer;  // [R] descending
  std::vector<int64_t> position;    // [R] descending among rows of one layer

  int64_t size() const { return static_cast<int64_t>(position.size()); }
};

// Numbers a row takes at each position in Backward's buffers.
struct BufferWidths {
  int64_t gradient;  // as much again for what is computed from it
  int64_t head;      // one head, or what a skip adds
  int64_t values;    // of one head

  int64_t total() const { return 2 * gradient + head + values; }
};
BufferWidths bufferWidths(const LocalModel& local);

// The written-out backward pass of a LocalModel: target rows in, edge rows out. Gradients lie as
// RowLayout says, so that every product at one position is contiguous and a row takes no work above
// its layer or after its position; the first attention of a row works on one position. Buffers are
// reused between calls.
class Backward {
 public:
  explicit Backward(const LocalModel& local) : local_(local) {}

  // Edges [blocks().total()], valid until the next call. Sources of a row's own layer and above are
  // left undefined.
  at::Tensor edgeRows(const TargetRows& targets);
  // Of the last call.
  const EdgeBlocks& blocks() const { return blocks_; }

  const LocalModel& local() const { return local_; }

 private:
  void reserve(int64_t places);
  void enter(const TargetRows& targets, int64_t layer);
  void grow(int64_t rows);
  void readOff(int64_t layer, at::Tensor& edges);
  void readOffTokens(at::Tensor& edges);
  void passBlock(const TargetRows& targets, int64_t layer);
  void passParallelBlock(int64_t layer);
  void addSkip(int64_t layer);
  void passSinglePositions(int64_t layer, const TargetRows& targets, int64_t firstRow);
  at::Tensor mixValues(int64_t layer);
  void mixHead(const at::Tensor& pattern, const at::Tensor& atHead, bool first, at::Tensor& values);
  void addValues(int64_t layer, const at::Tensor& values);
  void spreadHead(const at::Tensor& ofHead, at::Tensor& dense) const;
  void gatherHead(const at::Tensor& dense, at::Tensor ofHead) const;
  at::Tensor buffer(at::Tensor& storage, at::IntArrayRef shape);
  at::Tensor onDevice(const std::vector<int64_t>& indices) const;
  // The rows at position q of what lies as the layout says.
  at::Tensor rowsAt(const at::Tensor& placed, int64_t q) const {
    return placed.narrow(0, layout_.first(q), layout_.rowsAt(q));
  }

  // The other one is needed only when rows enter, and free for what is computed in between.
  at::Tensor& spare() { return gradientStorage_[1 - current_]; }

  const LocalModel& local_;
  RowLayout layout_;
  EdgeBlocks blocks_;
  at::Tensor gradient_;     // [layout.total(), D]
  at::Tensor densePlaces_;  // of the layout, on GPUs
  at::Tensor headStorage_, valueStorage_, edgeStorage_;
  at::Tensor gradientStorage_[2];
  int current_ = 0;
};

}  // namespace circuit_tracer
