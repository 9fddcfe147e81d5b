#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "attribution/local_model/trace.h"
#include "job_control.h"
#include "transcoder/sparse_features.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// The prompt as the transcoders see it.
struct AttributionSetup {
  Trace trace;
  SparseFeatures features;
  std::vector<at::Tensor> reconstruction;  // [n, D] per layer: bias + skip + active features
  std::vector<at::Tensor> errors;  // [n, D] per layer: output - reconstruction, 0 at zero positions
  // [L, 4] float64 sums over the positions with features and the width: of squared deviations of
  // the output from its mean over positions, of squared errors, of products of the output's and the
  // reconstruction's deviations, and of the reconstruction's squared deviations.
  at::Tensor reconstructionSums;
};

// Runs the prompt, encodes its feature inputs and measures what the features leave unexplained.
// tokens: int64 [n] on the model's device. Positions below specialPositions get no features or
// errors. Throws CodedError ERR_NUMERIC, ABORT_ERR.
AttributionSetup setUpAttribution(const Transformer& model, const TranscoderSet& transcoders,
                                  const at::Tensor& tokens, int64_t specialPositions,
                                  const JobControl& control);

}  // namespace circuit_tracer
