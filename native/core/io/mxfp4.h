#pragma once

#include <ATen/core/Tensor.h>

namespace circuit_tracer {

// Decodes MXFP4 (OCP Microscaling Formats v1.0) to bfloat16, which holds every value exactly.
// blocks: uint8 [..., groups, 16], two values a byte, low nibble first.
// scales: uint8 [..., groups], power-of-two exponents biased by 127.
// Returns [..., groups * 32].
at::Tensor decodeMxfp4(const at::Tensor& blocks, const at::Tensor& scales);

}  // namespace circuit_tracer
