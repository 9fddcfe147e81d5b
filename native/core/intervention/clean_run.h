#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <vector>

#include "intervention/edits.h"
#include "job_control.h"
#include "model/hook_point.h"
#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// What an intervention holds on to: values of the unedited run of the same tokens.
class CleanRun {
 public:
  // Runs the first `intervention.frozenPositions` tokens when the intervention freezes anything.
  CleanRun(const Transformer& model, const TranscoderSet& transcoders, const at::Tensor& tokens,
           const Intervention& intervention, const JobControl& control);

  // `value` with its frozen positions replaced by the clean run's, where this hook point is frozen.
  at::Tensor freeze(HookPoint point, int64_t layer, at::Tensor value) const;
  // Feature input [P, D]; undefined when no layer is constrained.
  const at::Tensor& featureInput(int64_t layer) const { return featureInputs_[layer]; }

 private:
  std::map<HookName, at::Tensor> frozen_;
  std::vector<at::Tensor> featureInputs_;
};

}  // namespace circuit_tracer
