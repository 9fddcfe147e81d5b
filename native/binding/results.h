#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "features/feature_activations.h"
#include "transcoder/sparse_features.h"

namespace circuit_tracer {

// The core's results to JavaScript values. Large tensors share their memory with an external
// ArrayBuffer; small ones, and all where the host forbids external buffers, are copied. One that no
// buffer can hold throws CodedError ERR_OUT_OF_MEMORY.

// {data: Float32Array, shape}
Napi::Value toNativeArray(Napi::Env env, const at::Tensor& tensor);
// {name: {data, shape}}
Napi::Value toNativeArrays(Napi::Env env, const std::map<std::string, at::Tensor>& tensors);
Napi::Value toFloat32Array(Napi::Env env, const at::Tensor& tensor);
Napi::Value toFloat32Array(Napi::Env env, const std::vector<float>& values);
Napi::Value toFloat32Array(Napi::Env env, const std::vector<double>& values);
Napi::Value toInt32Array(Napi::Env env, const std::vector<int64_t>& values);
Napi::Value toInt32Array(Napi::Env env, const std::vector<int32_t>& values);
Napi::Value toUint8Array(Napi::Env env, const std::vector<uint8_t>& values);

// Of an int32 tensor on the CPU.
Napi::Value toInt32Array(Napi::Env env, const at::Tensor& values);

// Sets `indices` [N * 3] and `values` [N].
void setSparseFeatures(Napi::Object& out, const SparseFeatures& features);
// {indices, values}
Napi::Value toSparseList(Napi::Env env, const SparseFeatures& features);
// {data, shape} when dense, {indices, values} when sparse.
Napi::Value toFeatures(Napi::Env env, const FeatureActivations& features);

}  // namespace circuit_tracer
