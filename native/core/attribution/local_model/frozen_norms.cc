#include "attribution/local_model/frozen_norms.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "attribution/local_model/norm_adjoint.h"

namespace circuit_tracer {

at::Tensor FrozenNorms::inputGain(int64_t layer) const {
  return transcoders_.inputHook == HookPoint::MlpIn ? model_.weights().blocks[layer].ln2.gain
                                                    : at::Tensor();
}

const at::Tensor& FrozenNorms::postGain(int64_t layer) const {
  return model_.weights().blocks[layer].ln2Post.gain;
}

at::Tensor FrozenNorms::gradientsAtInput(int64_t layer, const at::Tensor& gradients,
                                         const at::Tensor& positions) const {
  if (!inputIsBehindNorm()) return gradients;
  return throughNorm(kind(), inputGain(layer), gradients) /
         scales_.ln2[layer].index_select(0, positions);
}

at::Tensor FrozenNorms::gradientsAtEnd(const at::Tensor& gradients,
                                       const at::Tensor& positions) const {
  return throughNorm(kind(), model_.weights().finalNorm.gain, gradients) /
         scales_.final.index_select(0, positions);
}

at::Tensor FrozenNorms::vectorsAtOutput(int64_t layer, const at::Tensor& vectors,
                                        const at::Tensor& positions) const {
  if (!outputIsBeforePostNorm()) return vectors;
  return adjointThroughNorm(kind(), postGain(layer), vectors) /
         scales_.ln2Post[layer].index_select(0, positions);
}

LinearSkip FrozenNorms::linearSkip(int64_t layer, const at::Tensor& skip) const {
  if (!skip.defined()) return {};
  LinearSkip out{.matrix = skip.to(at::kFloat), .scale = at::ones_like(scales_.final)};
  if (inputIsBehindNorm()) {
    out.matrix = throughNorm(kind(), inputGain(layer), out.matrix);
    out.scale = out.scale / scales_.ln2[layer];
  }
  if (outputIsBeforePostNorm()) {
    out.matrix = adjointThroughNorm(kind(), postGain(layer), out.matrix.t()).t().contiguous();
    out.scale = out.scale / scales_.ln2Post[layer];
  }
  return out;
}

}  // namespace circuit_tracer
