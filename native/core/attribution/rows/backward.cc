#include "attribution/rows/backward.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "job_control.h"
#include "long_product.h"

namespace circuit_tracer {
namespace {

// Positions mixed at once. Of each block on the diagonal, half is multiplied by zeros.
constexpr int64_t kMixBlock = 64;

// How many rows have entered once the pass has come down to `layer`. They are the first ones.
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
  layout_ = RowLayout(targets.position);
  blocks_ = EdgeBlocks(layout_, local_.columns);
  reserve(layout_.positions() * targets.size());
  at::Tensor edges = buffer(edgeStorage_, {blocks_.total()});
  if (local_.crossLayer) edges.zero_();
  enter(targets, local_.nLayers);
  for (int64_t layer = local_.nLayers - 1; layer >= 0; --layer) {
    if (layout_.entered() > 0) accumulateEdges(layer, edges);
    if (local_.parallelBlocks) {
      passParallelBlock(layer);
      enter(targets, layer);
    } else {
      passBlock(targets, layer);
    }
  }
  tokenEdges(edges);
  return edges;
}

// Allocates the buffers for the largest batch of this size, in which all rows reach the last
// position. Buffers that grew from batch to batch would fragment the heap; pages that are never
// written to cost nothing.
void Backward::reserve(int64_t slots) {
  const BufferWidths widths = bufferWidths(local_);
  for (at::Tensor& storage : gradientStorage_) buffer(storage, {slots, widths.gradient});
  buffer(headStorage_, {slots, widths.head});
  buffer(valueStorage_, {slots, widths.values});
}

void Backward::passBlock(const TargetRows& targets, int64_t layer) {
  addSkip(layer);
  const int64_t before = layout_.entered();
  if (before > 0 && layer == local_.nLayers - 1) {
    passSinglePositions(layer, targets, 0);
  } else if (before > 0) {
    addValues(layer, mixValues(layer));
  }
  enter(targets, layer);
  if (before < layout_.entered()) passSinglePositions(layer, targets, before);
}

// Attention and MLP both read the block's input, so neither sees what the other adds.
void Backward::passParallelBlock(int64_t layer) {
  if (layout_.entered() == 0) return;
  const at::Tensor mixed = mixValues(layer);
  addSkip(layer);
  addValues(layer, mixed);
}

// Rows whose entry layer is `layer` get their gradient at their own position.
void Backward::enter(const TargetRows& targets, int64_t layer) {
  const int64_t before = layout_.entered();
  const int64_t after = rowsFrom(targets, layer);
  if (after == before) return;
  grow(after);
  gradient_.index_copy_(0, onDevice(layout_.ownSlots(before)),
                        targets.residualGradients.slice(0, before, after));
}

// Lays the gradient out anew for the first `rows` rows; it is zero for those that enter.
void Backward::grow(int64_t rows) {
  const std::vector<int64_t> before = layout_.firsts();
  layout_.enter(rows);
  at::Tensor grown = buffer(spare(), {layout_.total(), local_.dModel});
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    pollJob();
    const int64_t kept = before[q + 1] - before[q];
    at::Tensor block = atPosition(grown, q);
    if (kept > 0) block.narrow(0, 0, kept).copy_(gradient_.narrow(0, before[q], kept));
    block.narrow(0, kept, layout_.countAt(q) - kept).zero_();
  }
  gradient_ = grown;
  current_ = 1 - current_;
  if (!gradient_.is_cpu()) paddedSlots_ = onDevice(layout_.paddedSlots());
}

// edges[r, d] (+)= <G[q, r], decoder d> for the sources d of this output layer at each position q.
void Backward::accumulateEdges(int64_t layer, at::Tensor& edges) {
  const LayerWrites& writes = local_.writes[layer];
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    if (layout_.countAt(q) == 0) continue;
    const WriteGroup& group = writes.groups[q];
    at::Tensor columns = blocks_.at(edges, q)
                             .narrow(0, 0, layout_.countAt(q))
                             .narrow(1, group.firstColumn, group.count);
    longProductInto(columns, atPosition(gradient_, q),
                    writes.vectors.narrow(0, group.firstRow, group.count).t(),
                    local_.crossLayer ? 1 : 0);
  }
}

void Backward::tokenEdges(at::Tensor& edges) {
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    pollJob();
    at::Tensor token = blocks_.at(edges, q).select(1, local_.columns.tokenAt[q]);
    at::mv_out(token, atPosition(gradient_, q), local_.tokenVectors[q]);
  }
}

// G += scale (G skip).
void Backward::addSkip(int64_t layer) {
  const LinearSkip& skip = local_.skip[layer];
  if (layout_.entered() == 0 || !skip.matrix.defined()) return;
  at::Tensor through = buffer(headStorage_, gradient_.sizes());
  longProductInto(through, gradient_, skip.matrix, 0);
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    atPosition(gradient_, q).addcmul_(atPosition(through, q), skip.scale[q]);
  }
}

// G += V W_V', where `values` V is [total, kvHeads * dHead].
void Backward::addValues(int64_t layer, const at::Tensor& values) {
  longProductInto(gradient_, values, local_.attention[layer].valueWeight, 1);
}

// Attention of the rows from firstRow on, which have just entered: their gradient g is at their own
// position p only. So each head passes on one vector, u[h] = g W_O'[h] W_V'[kv(h)], and
// G[j] += sum over h of P'[h, p, j] u[h].
void Backward::passSinglePositions(int64_t layer, const TargetRows& targets, int64_t firstRow) {
  const LinearAttention& attention = local_.attention[layer];
  const int64_t rows = layout_.entered() - firstRow;
  const int64_t positions = layout_.positions();
  const int64_t dHead = local_.dHead;
  const int64_t group = local_.nHeads / local_.nKeyValueHeads;
  const at::Tensor own = gradient_.index_select(0, onDevice(layout_.ownSlots(firstRow)));
  const at::Tensor atHeads = at::empty({rows, attention.outWeight.size(1)}, own.options());
  longProductInto(atHeads, own, attention.outWeight, 0);
  const at::Tensor passed = at::empty({rows, local_.nHeads, local_.dModel}, own.options());  // u
  for (int64_t h = 0; h < local_.nHeads; ++h) {
    pollJob();
    at::Tensor ofHead = passed.select(1, h);
    at::mm_out(ofHead, atHeads.narrow(1, h * dHead, dHead),
               attention.valueWeight.narrow(0, h / group * dHead, dHead));
  }
  const std::vector<int64_t> position(targets.position.begin() + firstRow,
                                      targets.position.begin() + layout_.entered());
  const at::Tensor patterns =  // [heads, rows, m]
      attention.scaledPattern.slice(2, 0, positions).index_select(1, onDevice(position));
  at::Tensor sum = buffer(spare(), {rows, positions, local_.dModel});
  longBatchProductInto(sum, patterns.permute({1, 2, 0}), passed);
  for (int64_t q = 0; q < positions; ++q) {
    const int64_t count = layout_.countAtFrom(firstRow, q);
    if (count == 0) break;
    atPosition(gradient_, q)
        .narrow(0, layout_.countAt(q) - count, count)
        .add_(sum.select(1, q).narrow(0, 0, count));
  }
}

at::Tensor Backward::onDevice(const std::vector<int64_t>& indices) const {
  return at::tensor(indices, at::kLong).to(local_.device());
}

// The gradient at the values, V[kv] = sum over the heads h of kv of P'[h]^T (G W_O'[h]):
// [total, kvHeads * dHead]. One product takes G to all heads, as BLAS would pack G anew for each
// product of its own. Mixing works on padded rows. V overwrites the heads that have been mixed.
at::Tensor Backward::mixValues(int64_t layer) {
  const LinearAttention& attention = local_.attention[layer];
  const int64_t dHead = local_.dHead;
  const int64_t positions = layout_.positions();
  const int64_t rows = layout_.entered();
  const int64_t group = local_.nHeads / local_.nKeyValueHeads;
  at::Tensor heads = buffer(spare(), {layout_.total(), local_.nHeads * dHead});
  longProductInto(heads, gradient_, attention.outWeight, 0);
  at::Tensor atHead = buffer(headStorage_, {positions, rows * dHead}).zero_();
  at::Tensor values = buffer(valueStorage_, {positions, rows * dHead});
  for (int64_t h = 0; h < local_.nHeads; ++h) {
    pollJob();
    padHead(heads.narrow(1, h * dHead, dHead), atHead);
    mixHead(attention.scaledPattern[h], atHead, h % group == 0, values);
    if (h % group == group - 1) unpadHead(values, heads.narrow(1, h / group * dHead, dHead));
  }
  return heads.narrow(1, 0, local_.nKeyValueHeads * dHead);
}

// values[j] (+)= sum over i >= j of pattern[i, j] atHead[i], a block of positions j at a time. The
// part above the diagonal, which is zero, is left out, as are rows that do not reach the block.
// atHead and values: [positions, entered * dHead], padded.
void Backward::mixHead(const at::Tensor& pattern, const at::Tensor& atHead, bool first,
                       at::Tensor& values) {
  const int64_t positions = layout_.positions();
  for (int64_t begin = 0; begin < positions; begin += kMixBlock) {
    const int64_t end = std::min(begin + kMixBlock, positions);
    const int64_t width = layout_.countAt(begin) * local_.dHead;
    if (width == 0) break;
    pollJob();
    at::Tensor block = values.slice(0, begin, end).narrow(1, 0, width);
    at::addmm_out(block, block, pattern.slice(0, begin, positions).slice(1, begin, end).t(),
                  atHead.slice(0, begin, positions).narrow(1, 0, width), first ? 0 : 1, 1);
  }
}

// ragged: [total, dHead] of one head, any row stride. padded: [positions, entered * dHead].
void Backward::padHead(const at::Tensor& ragged, at::Tensor& padded) const {
  const int64_t dHead = ragged.size(1);
  if (!ragged.is_cpu()) {
    padded.view({-1, dHead}).index_copy_(0, paddedSlots_, ragged);
    return;
  }
  const float* from = ragged.const_data_ptr<float>();
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    float* to = padded.data_ptr<float>() + q * padded.size(1);
    for (int64_t k = 0; k < layout_.countAt(q); ++k, from += ragged.stride(0)) {
      std::copy_n(from, dHead, to + layout_.paddedColumn(layout_.reaching(q)[k]) * dHead);
    }
  }
}

// The same numbers back into a ragged tensor.
void Backward::unpadHead(const at::Tensor& padded, at::Tensor ragged) const {
  const int64_t dHead = ragged.size(1);
  if (!ragged.is_cpu()) {
    ragged.copy_(padded.view({-1, dHead}).index_select(0, paddedSlots_));
    return;
  }
  float* to = ragged.data_ptr<float>();
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    const float* from = padded.const_data_ptr<float>() + q * padded.size(1);
    for (int64_t k = 0; k < layout_.countAt(q); ++k, to += ragged.stride(0)) {
      std::copy_n(from + layout_.paddedColumn(layout_.reaching(q)[k]) * dHead, dHead, to);
    }
  }
}

// A view of `storage` with this shape. The storage only ever grows.
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
