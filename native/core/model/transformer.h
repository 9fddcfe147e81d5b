#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/ArrayRef.h>

#include <map>
#include <string>
#include <vector>

#include "io/tensor_source.h"
#include "job_control.h"
#include "model/hook_point.h"
#include "model/key_value_cache.h"
#include "model/model_spec.h"
#include "model/weights.h"

namespace circuit_tracer {

// A decoder-only language model: one forward pass for every family, driven by its spec.
class Transformer {
 public:
  // Throws CodedError ERR_WEIGHT or ERR_FILE_* when a weight can't be had as the spec needs it.
  // `lazyWeights`: nothing is read before the weights are first asked for, which then throws.
  Transformer(ModelSpec spec, const std::map<std::string, TensorSource>& sources,
              at::ScalarType dtype, at::Device device, bool lazyWeights, const JobControl& control);

  // Logits [..., n, V] after the softcap, in the compute dtype, for token ids [..., n] (int64) at
  // positions 0 .. n-1. `hook` sees, and may replace, the value at every hook point. With a cache
  // (tokens [n] only) the positions continue after the cached ones.
  at::Tensor forward(const at::Tensor& tokens, const Hook& hook,
                     KeyValueCache* cache = nullptr) const;

  // Token ids as a tensor [n] (int64) on the model's device.
  at::Tensor tokenTensor(at::ArrayRef<int64_t> tokens) const;

  // Embedding rows times the embedding scale, [..., n, D]: the vectors of token nodes.
  at::Tensor embed(const at::Tensor& tokens) const;

  const ModelSpec& spec() const { return spec_; }
  // Throws CodedError ERR_WEIGHT when lazy weights turn out to hold NaN or infinite numbers.
  const ModelWeights& weights() const;
  ModelWeights& weights() { return weights_; }
  // Those that weights look into.
  const WeightFiles& files() const { return weights_.files; }
  at::Device device() const { return device_; }
  at::ScalarType dtype() const { return dtype_; }

 private:
  ModelSpec spec_;
  at::ScalarType dtype_;
  at::Device device_;
  // Mutable for the first look at lazy weights; jobs on a model run one at a time.
  mutable ModelWeights weights_;
};

}  // namespace circuit_tracer
