#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attribution/local_model/frozen_norms.h"
#include "transcoder/sparse_features.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// Gradients [count, D] of the pre-activations of the features at `indices` of `features`, at the
// residual stream: their encoder rows, moved through the norm before them. float32.
at::Tensor featureResidualGradients(const TranscoderSet& transcoders, const FrozenNorms& norms,
                                    const SparseFeatures& features,
                                    const std::vector<int64_t>& indices);

}  // namespace circuit_tracer
