#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "io/row_store.h"
#include "io/tensor_source.h"
#include "job_control.h"
#include "model/hook_point.h"
#include "transcoder/sparse_features.h"

namespace circuit_tracer {

enum class FeatureActivation { Relu, JumpRelu, TopK, TopKRelu };

// The C++ side of lib/engine/transcoder-spec.ts.
struct TranscoderSpec {
  bool crossLayer = false;
  int64_t nLayers = 0;
  int64_t dModel = 0;
  std::vector<int64_t> nFeatures;
  HookPoint inputHook = HookPoint::ResidMid;
  HookPoint outputHook = HookPoint::MlpOut;
  FeatureActivation activation = FeatureActivation::Relu;
  int64_t k = 0;

  // Output layers a feature of `layer` writes to: layer .. layer + span - 1.
  int64_t span(int64_t layer) const { return crossLayer ? nLayers - layer : 1; }
};

struct TranscoderLayerSources {
  TensorSource encoder, encoderBias, decoder, decoderBias;
  std::optional<TensorSource> threshold, skip;
};

struct TranscoderLayer {
  RowStore encoder;        // [F, D]
  at::Tensor encoderBias;  // [F]
  at::Tensor threshold;    // [F], JumpReLU only
  RowStore decoder;        // [F, span, D]
  at::Tensor decoderBias;  // [D]
  at::Tensor skip;         // [out, in], undefined without a skip
};

// How a set is loaded.
struct TranscoderLoading {
  at::ScalarType dtype;  // of computation, whatever the files hold
  at::Device device;
  bool lazyEncoder;  // leave encoders in their files and read them layer by layer
  bool lazyDecoder;  // leave decoders in their files and read the rows of active features
};

// Dictionaries that replace the MLPs: feature (l, f) writes to output layers l .. l + span(l) - 1.
// Per-layer and cross-layer sets differ in nothing else.
class TranscoderSet {
 public:
  // Throws CodedError ERR_WEIGHT on shapes other than those above.
  TranscoderSet(TranscoderSpec spec, const std::vector<TranscoderLayerSources>& sources,
                const TranscoderLoading& loading, const JobControl& control);

  // Pre-activations, or activations, of one layer: x [rows, D] at the input hook -> [rows, F].
  at::Tensor encodeLayer(int64_t layer, const at::Tensor& x, bool applyActivation) const;
  // Non-zero activations, or pre-activations; inputs[l] is [n, D]. Positions below specialPositions
  // have none.
  SparseFeatures encodeSparse(const std::vector<at::Tensor>& inputs, int64_t specialPositions,
                              bool applyActivation, const JobControl& control) const;
  // Decoder rows [count, span, D] of entries begin .. end-1 (one layer's) of `features`.
  at::Tensor decoderRows(const SparseFeatures& features, int64_t begin, int64_t end) const;
  // Per output layer [rows, D], float32: decoder bias, skip of `inputs` where there is one, and the
  // sum of decoder rows times activations. `inputs` may be empty: then no skip is added.
  std::vector<at::Tensor> decode(const SparseFeatures& features, int64_t rows,
                                 const std::vector<at::Tensor>& inputs) const;
  // The same of one layer of a set whose features write to their own layer: [rows, D]. All
  // `features` are of that layer; `input` [rows, D] may be undefined.
  at::Tensor decodeLayer(int64_t layer, const SparseFeatures& features, int64_t rows,
                         const at::Tensor& input) const;

  const TranscoderSpec& spec() const { return spec_; }
  const TranscoderLayer& layer(int64_t l) const { return layers_[l]; }
  std::vector<TranscoderLayer>& layers() { return layers_; }
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return device_; }
  // Those that lazy rows are read from, and weights look into.
  const WeightFiles& files() const { return files_; }

 private:
  // Writes what an output layer has without features into out [rows, D].
  void startLayer(int64_t layer, const at::Tensor& input, at::Tensor out) const;
  // Adds what entries begin .. end-1 (one layer's) write to out [span, rows, D].
  void addFeatures(const SparseFeatures& features, int64_t begin, int64_t end,
                   const at::Tensor& out) const;

  TranscoderSpec spec_;
  at::ScalarType dtype_;
  at::Device device_;
  std::vector<TranscoderLayer> layers_;
  WeightFiles files_;
};

// The non-zero entries of dense activations, one [n, F] per layer.
SparseFeatures nonZeroFeatures(const std::vector<at::Tensor>& activations);

}  // namespace circuit_tracer
