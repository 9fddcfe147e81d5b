#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "attribution/local_model/frozen_norms.h"
#include "attribution/local_model/setup.h"
#include "attribution/local_model/source_columns.h"
#include "model/transformer.h"
#include "transcoder/sparse_features.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// The sources that write to one output layer at one position: features, and the layer's error last.
// They are `count` rows of LayerWrites::vectors, and fill `count` columns of the position.
struct WriteGroup {
  int64_t firstRow = 0, firstColumn = 0, count = 0;
};

// All sources of one output layer. Edges at position q are  G[q] vectors[group q]^T.
struct LayerWrites {
  at::Tensor vectors;              // [rows, D] activation * decoder, or error, grouped by position
  std::vector<WriteGroup> groups;  // [n]
};

// The attention of one layer, linear once its pattern and norm scales are fixed.
// G at the layer's output gains  sum_h scaledPattern[h]^T (G outWeight[:, h]) valueWeight[kv(h)].
struct LinearAttention {
  at::Tensor scaledPattern;  // [heads, n, n] pattern / (post-norm scale of i * ln1 scale of j)
  at::Tensor outWeight;      // [D, heads * dHead] post-norm gain folded in
  at::Tensor valueWeight;    // [kvHeads * dHead, D] ln1 gain (and centring) folded in
};

// The frozen, linear model of one prompt. All vectors are in the residual stream and all norms are
// folded in; everything is float32 on the device. Shares no weight with the model it was built
// from, except those that needed no folding. docs/internals/attribution.md derives the formulas.
struct LocalModel {
  int64_t nLayers = 0, nPositions = 0, dModel = 0, nHeads = 0, nKeyValueHeads = 0, dHead = 0;
  bool parallelBlocks = false;
  bool crossLayer = false;  // features write to several layers: their edges are sums
  std::vector<LayerWrites> writes;
  std::vector<LinearAttention> attention;
  std::vector<LinearSkip> skip;
  at::Tensor tokenVectors;  // [n, D]
  SourceColumns columns;

  at::Device device() const { return tokenVectors.device(); }
};

// Takes what a local model is made of out of the setup, drops the rest, and lets go of each layer's
// tensors once they are folded in. `features` are the setup's.
LocalModel buildLocalModel(const Transformer& model, const TranscoderSet& transcoders,
                           const SparseFeatures& features, AttributionSetup&& setup,
                           const JobControl& control);

// The same model with memory of its own on another device, or once more on the same one.
LocalModel replicate(const LocalModel& local, at::Device device);

}  // namespace circuit_tracer
