#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "job_control.h"
#include "model/transformer.h"

namespace circuit_tracer {

struct CapturedForward {
  at::Tensor logits;                         // [n, V] after the softcap
  std::map<std::string, at::Tensor> values;  // by the names of their hook points
};

// Runs `tokens` [n] and keeps the values of the named hook points. Throws CodedError
// ERR_INVALID_ARGUMENT for an unknown name, ERR_NUMERIC, ABORT_ERR.
CapturedForward captureForward(const Transformer& model, const at::Tensor& tokens,
                               const std::vector<std::string>& hookNames,
                               const JobControl& control);

}  // namespace circuit_tracer
