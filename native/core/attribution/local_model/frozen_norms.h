#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "attribution/local_model/trace.h"
#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// A skip between frozen norms: G [D] at the residual stream after the layer gives
// scale[q] * G matrix  at the residual stream that the features read.
struct LinearSkip {
  at::Tensor matrix;  // [D, D], undefined without a skip
  at::Tensor scale;   // [n, 1]
};

// The norms of one prompt with their scales fixed, and so linear. They move gradients and vectors
// from where a transcoder or the unembedding meets the model to the residual stream. All results
// are float32.
class FrozenNorms {
 public:
  // Keeps references to the model and the spec, and shares the tensors of `scales`.
  FrozenNorms(const Transformer& model, const TranscoderSpec& transcoders, const NormScales& scales)
      : model_(model), transcoders_(transcoders), scales_(scales) {}

  // Gradients [rows, D] at the feature input of a layer, one at each of `positions` [rows] (int64):
  // the same gradients at the residual stream that the norm before the features reads.
  at::Tensor gradientsAtInput(int64_t layer, const at::Tensor& gradients,
                              const at::Tensor& positions) const;

  // Gradients [rows, D] at the final norm's output, moved to the residual stream before it.
  at::Tensor gradientsAtEnd(const at::Tensor& gradients, const at::Tensor& positions) const;

  // Vectors [rows, D] written at the feature output of a layer, as the residual stream gets them.
  at::Tensor vectorsAtOutput(int64_t layer, const at::Tensor& vectors,
                             const at::Tensor& positions) const;

  // The skip [out, in] of a layer, which may be undefined.
  LinearSkip linearSkip(int64_t layer, const at::Tensor& skip) const;

 private:
  Normalization kind() const { return model_.spec().normalization; }
  bool outputIsBeforePostNorm() const {
    return model_.spec().postNorms && transcoders_.outputHook == HookPoint::RawMlpOut;
  }
  bool inputIsBehindNorm() const { return transcoders_.inputHook != HookPoint::ResidMid; }
  // Undefined where the features read the norm's value before its gain.
  at::Tensor inputGain(int64_t layer) const;
  const at::Tensor& postGain(int64_t layer) const;

  const Transformer& model_;
  const TranscoderSpec& transcoders_;
  NormScales scales_;
};

}  // namespace circuit_tracer
