#pragma once

#include <ATen/core/Tensor.h>

#include "model/model_spec.h"
#include "model/weights.h"

namespace circuit_tracer {

// The MLP of one layer on x [..., D]: plain, gated, or a mixture of experts.
at::Tensor applyMlp(const ModelSpec& spec, const MlpWeights& weights, const at::Tensor& x);

}  // namespace circuit_tracer
