#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace circuit_tracer {

// Throws CodedError ERR_NUMERIC naming `what` when any element is NaN or infinite. NaN must be
// looked for by hand: JumpReLU's comparison would silently turn it into an inactive feature.
void requireFinite(const at::Tensor& values, const std::string& what);

// The same, of numbers whose absolute sum is known.
void requireFinite(double absoluteSum, const std::string& what);

// The same for a weight, with ERR_WEIGHT.
void requireFiniteWeight(const at::Tensor& values, const std::string& name);

// The same for a weight that may be infinite: NaN is refused, and what became infinite only when it
// was converted from `stored`.
void requireSameInfinities(const at::Tensor& stored, const at::Tensor& values,
                           const std::string& name);

}  // namespace circuit_tracer
