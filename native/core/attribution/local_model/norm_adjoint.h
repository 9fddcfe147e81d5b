#pragma once

#include <ATen/core/Tensor.h>

#include "model/model_spec.h"
#include "model/weights.h"

namespace circuit_tracer {

// Norms with their scale s frozen are linear: y = C(x) / s * gain (+ bias), where C subtracts the
// mean for LayerNorm and is the identity for RMS. Their gradient is VN(g) = C(g * gain) / s. Both
// functions leave out 1 / s, which differs by position and is applied by the caller.

// Rows of `rows` [..., D] are gradients at the norm's output; returns them at its input.
at::Tensor throughNorm(Normalization kind, const at::Tensor& gain, const at::Tensor& rows);

// <VN(g), v> = <g, adjoint(v)> / s: moves vectors [..., D] that meet a gradient after it has gone
// through a norm to the place before it.
at::Tensor adjointThroughNorm(Normalization kind, const at::Tensor& gain,
                              const at::Tensor& vectors);

}  // namespace circuit_tracer
