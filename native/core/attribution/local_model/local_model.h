#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "attribution/local_model/setup.h"
#include "attribution/local_model/source_columns.h"
#include "model/transformer.h"
#include "transcoder/sparse_features.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// What writes to one output layer at one position, features and last the layer's error: rows of
// `LayerWrites::vectors` and the columns of the position that they fill.
struct WriteGroup {
  int64_t firstRow = 0, firstColumn = 0, count = 0;
};

// Everything attribution reads off the gradient of one layer's output.
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

// G at the feature output gains  scale[q] * G[q] matrix  at the residual the MLP reads.
struct LinearSkip {
  at::Tensor matrix;  // [D, D], undefined without a skip
  at::Tensor scale;   // [n, 1, 1]
};

// The frozen, linear model of one prompt: all vectors are in the residual stream, all norms folded
// in, everything float32 on the device. Refers to no weight of the model it came from, except
// those that needed no folding. Formulas: the recursion that VJPs of frozen norms, patterns and
// MLPs give; see docs/attribution.md.
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

// Takes the attention patterns and embeddings out of the setup's trace.
LocalModel buildLocalModel(const Transformer& model, const TranscoderSet& transcoders,
                           AttributionSetup& setup, const JobControl& control);

// The same model with memory of its own on another device, or once more on the same one.
LocalModel replicate(const LocalModel& local, at::Device device);

// Encoder rows of the listed features moved to the residual stream, [count, D]: the gradient a
// feature's pre-activation has there.
at::Tensor featureReadVectors(const Transformer& model, const TranscoderSet& transcoders,
                              const Trace& trace, const SparseFeatures& features,
                              const std::vector<int64_t>& indices);

// Directions [count, D] at the final norm's output, moved to the last residual stream at their
// positions.
at::Tensor logitReadVectors(const Transformer& model, const Trace& trace,
                            const at::Tensor& directions, const std::vector<int64_t>& positions);

}  // namespace circuit_tracer
