#include "attribution/backward.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace circuit_tracer {
namespace {

// Positions mixed at once: half a block per position is multiplied by zeros.
constexpr int64_t kMixBlock = 64;

// Rows that have entered once the pass has come down to `layer`: a prefix.
int64_t rowsFrom(const TargetRows& targets, int64_t layer) {
  return std::upper_bound(targets.entryLayer.begin(), targets.entryLayer.end(), layer,
                          std::greater<int64_t>()) -
         targets.entryLayer.begin();
}

}  // namespace

BufferWidths bufferWidths(const LocalModel& local) {
  const bool hasSkip = std::any_of(local.skip.begin(), local.skip.end(),
                                   [](const LinearSkip& skip) { return skip.matrix.defined(); });
  return {.gradient = std::max(local.dModel, local.nHeads * local.dHead),
          .head = hasSkip ? std::max(local.dModel, local.dHead) : local.dHead,
          .values = local.dHead};
}

at::Tensor Backward::edgeRows(const TargetRows& targets) {
  positions_ = 1 + *std::max_element(targets.position.begin(), targets.position.end());
  entered_ = 0;
  rowPositions_ = at::tensor(targets.position, at::kLong).to(local_.device());
  rowNumbers_ = at::arange(targets.size(), rowPositions_.options());
  reserve(targets.size());
  at::Tensor edges = buffer(edgeStorage_, {targets.size(), columns().total()});
  if (local_.crossLayer) edges.narrow(1, 0, columns().nFeatures).zero_();
  enter(targets, local_.nLayers);
  for (int64_t layer = local_.nLayers - 1; layer >= 0; --layer) {
    if (entered_ > 0) readOff(layer, edges);
    if (local_.parallelBlocks) {
      passParallelBlock(layer);
      enter(targets, layer);
    } else {
      passBlock(targets, layer);
    }
  }
  readOffTokens(edges);
  return edges;
}

void Backward::passBlock(const TargetRows& targets, int64_t layer) {
  addSkip(layer);
  // Rows that have been through attention have a gradient at many positions, the others at one.
  const int64_t spread = layer == local_.nLayers - 1 ? 0 : entered_;
  if (spread > 0) addValues(layer, mixValues(layer));
  enter(targets, layer);
  if (spread < entered_) passSinglePositions(layer, spread);
}

// Attention and MLP both read the block's input, so neither sees what the other adds.
void Backward::passParallelBlock(int64_t layer) {
  if (entered_ == 0) return;
  const at::Tensor mixed = mixValues(layer);
  addSkip(layer);
  addValues(layer, mixed);
}

// Rows whose entry layer is `layer` get their read vector at their position.
void Backward::enter(const TargetRows& targets, int64_t layer) {
  const int64_t before = entered_;
  const int64_t after = rowsFrom(targets, layer);
  if (after == before) return;
  grow(after);
  gradient_.view({positions_ * after, local_.dModel})
      .index_copy_(0, places(before), targets.vectors.slice(0, before, after));
}

// Where the rows from firstRow on stand in the gradient seen as [m * entered, D]: at their
// position. Computed where they are used: a copy from the host would wait for all work before it.
at::Tensor Backward::places(int64_t firstRow) const {
  return at::add(rowNumbers_.slice(0, firstRow, entered_),
                 rowPositions_.slice(0, firstRow, entered_), /*alpha=*/entered_);
}

// Re-lays the gradient out for `rows` rows, the new ones zero.
void Backward::grow(int64_t rows) {
  at::Tensor grown = buffer(spare(), {positions_, rows, local_.dModel});
  if (entered_ > 0) grown.narrow(1, 0, entered_).copy_(gradient_);
  grown.narrow(1, entered_, rows - entered_).zero_();
  gradient_ = grown;
  current_ = 1 - current_;
  entered_ = rows;
}

void Backward::readOff(int64_t layer, at::Tensor& edges) {
  const LayerWrites& writes = local_.writes[layer];
  at::Tensor rows = edges.narrow(0, 0, entered_);
  for (int64_t q = 0; q < positions_; ++q) {
    const WriteGroup& group = writes.groups[q];
    if (group.count == 0) continue;
    at::Tensor columns = rows.narrow(1, group.firstColumn, group.count);
    at::addmm_out(columns, columns, gradient_[q],
                  writes.decoders.narrow(0, group.firstRow, group.count).t(),
                  local_.crossLayer ? 1 : 0, 1);
  }
  const at::Tensor errors = at::bmm(gradient_, writes.errors.slice(0, 0, positions_).unsqueeze(2));
  rows.narrow(1, columns().error(layer), positions_).copy_(errors.squeeze(2).t());
}

void Backward::readOffTokens(at::Tensor& edges) {
  const at::Tensor tokens =
      at::bmm(gradient_, local_.tokenVectors.slice(0, 0, positions_).unsqueeze(2));
  edges.narrow(1, columns().token(), positions_).copy_(tokens.squeeze(2).t());
}

void Backward::addSkip(int64_t layer) {
  const LinearSkip& skip = local_.skip[layer];
  if (entered_ == 0 || !skip.matrix.defined()) return;
  at::Tensor through = buffer(headStorage_, {positions_ * entered_, local_.dModel});
  at::mm_out(through, gradient_.view({-1, local_.dModel}), skip.matrix);
  gradient_.addcmul_(through.view(gradient_.sizes()), skip.scale.slice(0, 0, positions_));
}

// [m * entered, kvHeads * dHead]: the gradient at the values of each position, summed over the
// query heads that share them. One product takes the gradient to all heads: each of its own would
// pack it anew. Values take the places of heads that have been mixed.
at::Tensor Backward::mixValues(int64_t layer) {
  const LinearAttention& attention = local_.attention[layer];
  const int64_t dHead = local_.dHead;
  const int64_t group = local_.nHeads / local_.nKeyValueHeads;
  at::Tensor heads = buffer(spare(), {positions_ * entered_, local_.nHeads * dHead});
  at::mm_out(heads, gradient_.view({-1, local_.dModel}), attention.outWeight);
  const at::Tensor byHead = heads.view({positions_, entered_, local_.nHeads, dHead});
  at::Tensor atHead = buffer(headStorage_, {positions_, entered_, dHead});
  at::Tensor values = buffer(valueStorage_, {positions_, entered_, dHead});
  at::Tensor mixed = values.view({positions_, entered_ * dHead});
  for (int64_t h = 0; h < local_.nHeads; ++h) {
    atHead.copy_(byHead.select(2, h));
    mixHead(attention.scaledPattern[h], atHead.view(mixed.sizes()), h % group == 0, mixed);
    if (h % group == group - 1) byHead.select(2, h / group).copy_(values);
  }
  return heads.narrow(1, 0, local_.nKeyValueHeads * dHead);
}

// values[j] (+)= sum over i >= j of pattern[i, j] atHead[i], a block of j at a time: what lies
// above the diagonal is zero and left out.
void Backward::mixHead(const at::Tensor& pattern, const at::Tensor& atHead, bool first,
                       at::Tensor& values) {
  for (int64_t begin = 0; begin < positions_; begin += kMixBlock) {
    const int64_t end = std::min(begin + kMixBlock, positions_);
    at::Tensor block = values.slice(0, begin, end);
    at::addmm_out(block, block, pattern.slice(0, begin, positions_).slice(1, begin, end).t(),
                  atHead.slice(0, begin, positions_), first ? 0 : 1, 1);
  }
}

void Backward::addValues(int64_t layer, const at::Tensor& values) {
  gradient_.view({-1, local_.dModel}).addmm_(values, local_.attention[layer].valueWeight);
}

// Attention of the rows from firstRow on, whose gradient g stands at their own position p only:
// what a head passes on is one vector, G[j] += sum over h of pattern[h][p, j] u_h with
// u_h = g outWeight[h] valueWeight[kv(h)].
void Backward::passSinglePositions(int64_t layer, int64_t firstRow) {
  const LinearAttention& attention = local_.attention[layer];
  const int64_t rows = entered_ - firstRow;
  const int64_t dHead = local_.dHead;
  const int64_t group = local_.nHeads / local_.nKeyValueHeads;
  const at::Tensor own = gradient_.view({-1, local_.dModel}).index_select(0, places(firstRow));
  const at::Tensor atHeads = at::mm(own, attention.outWeight);
  const at::Tensor passed = at::empty({rows, local_.nHeads, local_.dModel}, own.options());  // u
  for (int64_t h = 0; h < local_.nHeads; ++h) {
    at::Tensor ofHead = passed.select(1, h);
    at::mm_out(ofHead, atHeads.narrow(1, h * dHead, dHead),
               attention.valueWeight.narrow(0, h / group * dHead, dHead));
  }
  const at::Tensor patterns =  // [heads, rows, m]
      attention.scaledPattern.slice(2, 0, positions_)
          .index_select(1, rowPositions_.slice(0, firstRow, entered_));
  at::Tensor sum = buffer(spare(), {rows, positions_, local_.dModel});
  at::bmm_out(sum, patterns.permute({1, 2, 0}), passed);
  gradient_.narrow(1, firstRow, rows).add_(sum.transpose(0, 1));
}

// Buffers that grew row by row would leave holes in the heap, as large together as themselves.
void Backward::reserve(int64_t rows) {
  const BufferWidths widths = bufferWidths(local_);
  for (at::Tensor& storage : gradientStorage_) buffer(storage, {positions_, rows, widths.gradient});
  buffer(headStorage_, {positions_, rows, widths.head});
  buffer(valueStorage_, {positions_, rows, widths.values});
}

// A view of `storage` with this shape; storage only ever grows.
at::Tensor Backward::buffer(at::Tensor& storage, at::IntArrayRef shape) {
  int64_t size = 1;
  for (const int64_t extent : shape) size *= extent;
  if (!storage.defined() || storage.numel() < size) {
    storage.reset();
    storage = at::empty({size}, local_.tokenVectors.options());
  }
  return storage.narrow(0, 0, size).view(shape);
}

}  // namespace circuit_tracer
