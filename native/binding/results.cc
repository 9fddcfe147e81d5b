#include "binding/results.h"

#include <ATen/Functions.h>

#include <cstring>
#include <memory>

namespace circuit_tracer {
namespace {

// Below this a copy costs less than a finalizer.
constexpr size_t kShareBytes = size_t{1} << 16;

Napi::ArrayBuffer copiedBuffer(Napi::Env env, const at::Tensor& tensor) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, tensor.nbytes());
  if (tensor.nbytes() > 0) std::memcpy(buffer.Data(), tensor.const_data_ptr(), tensor.nbytes());
  return buffer;
}

// The buffer's finalizer owns a reference to the tensor.
Napi::ArrayBuffer bufferOf(Napi::Env env, const at::Tensor& tensor) {
  if (tensor.nbytes() < kShareBytes) return copiedBuffer(env, tensor);
  auto owner = std::make_unique<at::Tensor>(tensor);
  napi_value value = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, tensor.data_ptr(), tensor.nbytes(),
      [](napi_env, void*, void* hint) { delete static_cast<at::Tensor*>(hint); }, owner.get(),
      &value);
  if (status != napi_ok) return copiedBuffer(env, tensor);
  owner.release();
  return Napi::ArrayBuffer(env, value);
}

template <typename To, typename From>
Napi::Value copiedArray(Napi::Env env, const std::vector<From>& values) {
  auto out = Napi::TypedArrayOf<To>::New(env, values.size());
  for (size_t i = 0; i < values.size(); ++i) out[i] = static_cast<To>(values[i]);
  return out;
}

}  // namespace

Napi::Value toFloat32Array(Napi::Env env, const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU, at::kFloat).contiguous();
  return Napi::Float32Array::New(env, host.numel(), bufferOf(env, host), 0);
}

Napi::Value toNativeArray(Napi::Env env, const at::Tensor& tensor) {
  Napi::Array shape = Napi::Array::New(env, tensor.dim());
  for (int64_t d = 0; d < tensor.dim(); ++d) {
    shape.Set(static_cast<uint32_t>(d), static_cast<double>(tensor.size(d)));
  }
  Napi::Object out = Napi::Object::New(env);
  out.Set("data", toFloat32Array(env, tensor));
  out.Set("shape", shape);
  return out;
}

Napi::Value toNativeArrays(Napi::Env env, const std::map<std::string, at::Tensor>& tensors) {
  Napi::Object out = Napi::Object::New(env);
  for (const auto& [name, tensor] : tensors) out.Set(name, toNativeArray(env, tensor));
  return out;
}

Napi::Value toFloat32Array(Napi::Env env, const std::vector<float>& values) {
  return copiedArray<float>(env, values);
}
Napi::Value toFloat32Array(Napi::Env env, const std::vector<double>& values) {
  return copiedArray<float>(env, values);
}
Napi::Value toInt32Array(Napi::Env env, const std::vector<int64_t>& values) {
  return copiedArray<int32_t>(env, values);
}
Napi::Value toInt32Array(Napi::Env env, const std::vector<int32_t>& values) {
  return copiedArray<int32_t>(env, values);
}
Napi::Value toUint8Array(Napi::Env env, const std::vector<uint8_t>& values) {
  return copiedArray<uint8_t>(env, values);
}

void setSparseFeatures(Napi::Object& out, const SparseFeatures& features) {
  const Napi::Env env = out.Env();
  auto indices = Napi::Int32Array::New(env, features.size() * 3);
  int32_t* triple = indices.Data();
  for (int64_t i = 0; i < features.size(); ++i, triple += 3) {
    triple[0] = static_cast<int32_t>(features.layer[i]);
    triple[1] = static_cast<int32_t>(features.position[i]);
    triple[2] = static_cast<int32_t>(features.feature[i]);
  }
  out.Set("indices", indices);
  out.Set("values", toFloat32Array(env, features.value));
}

}  // namespace circuit_tracer
