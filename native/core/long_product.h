#pragma once

#include <ATen/core/Tensor.h>

namespace circuit_tracer {

// Matrix products that a cancelled job leaves within a fraction of a second. On the CPU a product
// too long for that is computed a block of the result at a time: each of its numbers is the same
// sum over the whole inner dimension. A GPU is only asked for the product, which takes no time.

// at::linear: x [..., K] times weight [N, K] transposed, plus bias [N] unless undefined.
at::Tensor longLinear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// out [M, N] = bias [N] + a [M, K] times b [K, N], in place.
void longAffineInto(at::Tensor out, const at::Tensor& bias, const at::Tensor& a,
                    const at::Tensor& b);

// out [M, N] = beta * out + a [M, K] times b [K, N], in place.
void longProductInto(at::Tensor out, const at::Tensor& a, const at::Tensor& b, double beta);

// out [B, M, N] = a [B, M, K] times b [B, K, N], in place.
void longBatchProductInto(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

}  // namespace circuit_tracer
