#include "attribution/local_model/norm_adjoint.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace circuit_tracer {
namespace {

at::Tensor centred(Normalization kind, const at::Tensor& rows) {
  return kind == Normalization::LayerNorm ? rows - rows.mean(-1, true) : rows;
}

}  // namespace

at::Tensor throughNorm(Normalization kind, const at::Tensor& gain, const at::Tensor& rows) {
  return centred(kind, gain.defined() ? rows * gain : rows);
}

at::Tensor adjointThroughNorm(Normalization kind, const at::Tensor& gain,
                              const at::Tensor& vectors) {
  const at::Tensor inner = centred(kind, vectors);
  return gain.defined() ? inner * gain : inner;
}

}  // namespace circuit_tracer
