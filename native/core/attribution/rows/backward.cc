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
  layout_ = RowLayout(targets.position);
  blocks_ = EdgeBlocks(layout_, local_.columns);
  reserve(layout_.positions() * targets.size());
  at::Tensor edges = buffer(edgeStorage_, {blocks_.total()});
  if (local_.crossLayer) edges.zero_();
  enter(targets, local_.nLayers);
  for (int64_t layer = local_.nLayers - 1; layer >= 0; --layer) {
    if (layout_.entered() > 0) readOff(layer, edges);
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

// For rows that all reach the last position, of which batches have about as many each: buffers that
// grew would leave holes in the heap. What isn't written to takes no memory.
void Backward::reserve(int64_t places) {
  const BufferWidths widths = bufferWidths(local_);
  for (at::Tensor& storage : gradientStorage_) buffer(storage, {places, widths.gradient});
  buffer(headStorage_, {places, widths.head});
  buffer(valueStorage_, {places, widths.values});
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

// Rows whose entry layer is `layer` get their read vector at their position.
void Backward::enter(const TargetRows& targets, int64_t layer) {
  const int64_t before = layout_.entered();
  const int64_t after = rowsFrom(targets, layer);
  if (after == before) return;
  grow(after);
  gradient_.index_copy_(0, onDevice(layout_.ownPlaces(before)),
                        targets.vectors.slice(0, before, after));
}

// Lays the gradient out anew for `rows` rows, those that enter zero.
void Backward::grow(int64_t rows) {
  const std::vector<int64_t> before = layout_.firsts();
  layout_.enter(rows);
  at::Tensor grown = buffer(spare(), {layout_.total(), local_.dModel});
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    pollJob();
    const int64_t kept = before[q + 1] - before[q];
    at::Tensor block = rowsAt(grown, q);
    if (kept > 0) block.narrow(0, 0, kept).copy_(gradient_.narrow(0, before[q], kept));
    block.narrow(0, kept, layout_.rowsAt(q) - kept).zero_();
  }
  gradient_ = grown;
  current_ = 1 - current_;
  if (!gradient_.is_cpu()) densePlaces_ = onDevice(layout_.densePlaces());
}

void Backward::readOff(int64_t layer, at::Tensor& edges) {
  const LayerWrites& writes = local_.writes[layer];
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    if (layout_.rowsAt(q) == 0) continue;
    const WriteGroup& group = writes.groups[q];
    at::Tensor columns = blocks_.at(edges, q)
                             .narrow(0, 0, layout_.rowsAt(q))
                             .narrow(1, group.firstColumn, group.count);
    longProductInto(columns, rowsAt(gradient_, q),
                    writes.vectors.narrow(0, group.firstRow, group.count).t(),
                    local_.crossLayer ? 1 : 0);
  }
}

void Backward::readOffTokens(at::Tensor& edges) {
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    pollJob();
    at::Tensor token = blocks_.at(edges, q).select(1, local_.columns.tokenAt[q]);
    at::mv_out(token, rowsAt(gradient_, q), local_.tokenVectors[q]);
  }
}

void Backward::addSkip(int64_t layer) {
  const LinearSkip& skip = local_.skip[layer];
  if (layout_.entered() == 0 || !skip.matrix.defined()) return;
  at::Tensor through = buffer(headStorage_, gradient_.sizes());
  longProductInto(through, gradient_, skip.matrix, 0);
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    rowsAt(gradient_, q).addcmul_(rowsAt(through, q), skip.scale[q]);
  }
}

void Backward::addValues(int64_t layer, const at::Tensor& values) {
  longProductInto(gradient_, values, local_.attention[layer].valueWeight, 1);
}

// Attention of the rows of one layer from firstRow on, whose gradient g stands at their own
// position p only: what a head passes on is one vector, G[j] += sum over h of pattern[h][p, j] u_h
// with u_h = g outWeight[h] valueWeight[kv(h)].
void Backward::passSinglePositions(int64_t layer, const TargetRows& targets, int64_t firstRow) {
  const LinearAttention& attention = local_.attention[layer];
  const int64_t rows = layout_.entered() - firstRow, positions = layout_.positions();
  const int64_t dHead = local_.dHead;
  const int64_t group = local_.nHeads / local_.nKeyValueHeads;
  const at::Tensor own = gradient_.index_select(0, onDevice(layout_.ownPlaces(firstRow)));
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
    const int64_t count = layout_.rowsAt(q, firstRow);
    if (count == 0) break;
    rowsAt(gradient_, q)
        .narrow(0, layout_.rowsAt(q) - count, count)
        .add_(sum.select(1, q).narrow(0, 0, count));
  }
}

at::Tensor Backward::onDevice(const std::vector<int64_t>& indices) const {
  return at::tensor(indices, at::kLong).to(local_.device());
}

// [total, kvHeads * dHead]: the gradient at the values of each position, summed over the query
// heads that share them. One product takes the gradient to all heads: each of its own would pack it
// anew. Mixing works on rows that are padded with zeros to all positions. Values take the
// places of heads that have been mixed.
at::Tensor Backward::mixValues(int64_t layer) {
  const LinearAttention& attention = local_.attention[layer];
  const int64_t dHead = local_.dHead, positions = layout_.positions(), rows = layout_.entered();
  const int64_t group = local_.nHeads / local_.nKeyValueHeads;
  at::Tensor heads = buffer(spare(), {layout_.total(), local_.nHeads * dHead});
  longProductInto(heads, gradient_, attention.outWeight, 0);
  at::Tensor atHead = buffer(headStorage_, {positions, rows * dHead}).zero_();
  at::Tensor values = buffer(valueStorage_, {positions, rows * dHead});
  for (int64_t h = 0; h < local_.nHeads; ++h) {
    pollJob();
    spreadHead(heads.narrow(1, h * dHead, dHead), atHead);
    mixHead(attention.scaledPattern[h], atHead, h % group == 0, values);
    if (h % group == group - 1) gatherHead(values, heads.narrow(1, h / group * dHead, dHead));
  }
  return heads.narrow(1, 0, local_.nKeyValueHeads * dHead);
}

// values[j] (+)= sum over i >= j of pattern[i, j] atHead[i], a block of j at a time: what lies
// above the diagonal is zero and left out, as are rows that don't reach the block.
void Backward::mixHead(const at::Tensor& pattern, const at::Tensor& atHead, bool first,
                       at::Tensor& values) {
  const int64_t positions = layout_.positions();
  for (int64_t begin = 0; begin < positions; begin += kMixBlock) {
    const int64_t end = std::min(begin + kMixBlock, positions);
    const int64_t width = layout_.rowsAt(begin) * local_.dHead;
    if (width == 0) break;
    pollJob();
    at::Tensor block = values.slice(0, begin, end).narrow(1, 0, width);
    at::addmm_out(block, block, pattern.slice(0, begin, positions).slice(1, begin, end).t(),
                  atHead.slice(0, begin, positions).narrow(1, 0, width), first ? 0 : 1, 1);
  }
}

// [total, dHead] of a head, at any stride, into the rows of [m, entered * dHead] that the layout
// gives them.
void Backward::spreadHead(const at::Tensor& ofHead, at::Tensor& dense) const {
  const int64_t dHead = ofHead.size(1);
  if (!ofHead.is_cpu()) {
    dense.view({-1, dHead}).index_copy_(0, densePlaces_, ofHead);
    return;
  }
  const float* from = ofHead.const_data_ptr<float>();
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    float* to = dense.data_ptr<float>() + q * dense.size(1);
    for (int64_t k = 0; k < layout_.rowsAt(q); ++k, from += ofHead.stride(0)) {
      std::copy_n(from, dHead, to + layout_.denseRow(layout_.reaching(q)[k]) * dHead);
    }
  }
}

// The same numbers back to [total, dHead].
void Backward::gatherHead(const at::Tensor& dense, at::Tensor ofHead) const {
  const int64_t dHead = ofHead.size(1);
  if (!ofHead.is_cpu()) {
    ofHead.copy_(dense.view({-1, dHead}).index_select(0, densePlaces_));
    return;
  }
  float* to = ofHead.data_ptr<float>();
  for (int64_t q = 0; q < layout_.positions(); ++q) {
    const float* from = dense.const_data_ptr<float>() + q * dense.size(1);
    for (int64_t k = 0; k < layout_.rowsAt(q); ++k, to += ofHead.stride(0)) {
      std::copy_n(from + layout_.denseRow(layout_.reaching(q)[k]) * dHead, dHead, to);
    }
  }
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
