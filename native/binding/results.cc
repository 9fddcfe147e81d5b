#include "binding/results.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "errors.h"

namespace circuit_tracer {
namespace {

// Below this a copy costs less than a finalizer.
constexpr size_t kShareBytes = size_t{1} << 16;
// What every Node from 20 on can hold in one buffer.
constexpr size_t kLargestBuffer = size_t{1} << 32;

Napi::ArrayBuffer copiedBuffer(Napi::Env env, const at::Tensor& tensor) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, tensor.nbytes());
  if (tensor.nbytes() > 0) std::memcpy(buffer.Data(), tensor.const_data_ptr(), tensor.nbytes());
  return buffer;
}

// What a buffer's finalizer lets go of. Node may run the finalizer and report a failure all the
// same (for more than 4 GiB on Node 20), so both sides hold the owner.
struct Owner {
  at::Tensor tensor;
  bool finalized = false;
};

void letGo(napi_env, void*, void* hint) {
  const std::unique_ptr<std::shared_ptr<Owner>> owner(static_cast<std::shared_ptr<Owner>*>(hint));
  (*owner)->finalized = true;
  (*owner)->tensor.reset();
}

void clearPendingException(Napi::Env env) {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
    napi_get_and_clear_last_exception(env, &exception);
  }
}

// Some hosts forbid external buffers, and each has a largest size.
Napi::ArrayBuffer copiedOrRefused(Napi::Env env, const at::Tensor& tensor) {
  clearPendingException(env);
  require(tensor.nbytes() <= kLargestBuffer, "ERR_OUT_OF_MEMORY", "the result takes ",
          tensor.nbytes() >> 20, " MiB, and an array holds at most ", kLargestBuffer >> 20,
          " MiB. Ask for less at once: fewer positions, or only what is not zero.");
  return copiedBuffer(env, tensor);
}

// The buffer's finalizer owns a reference to the tensor.
Napi::ArrayBuffer bufferOf(Napi::Env env, const at::Tensor& tensor) {
  if (tensor.nbytes() < kShareBytes) return copiedBuffer(env, tensor);
  const auto owner = std::make_shared<Owner>(Owner{tensor});
  auto* hint = new std::shared_ptr<Owner>(owner);
  napi_value value = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, tensor.data_ptr(),
                                                              tensor.nbytes(), letGo, hint, &value);
  if (status == napi_ok) return Napi::ArrayBuffer(env, value);
  if (!owner->finalized) delete hint;
  return copiedOrRefused(env, tensor);
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
Napi::Value toInt32Array(Napi::Env env, const at::Tensor& values) {
  auto out = Napi::Int32Array::New(env, values.numel());
  std::copy_n(values.const_data_ptr<int32_t>(), values.numel(), out.Data());
  return out;
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

Napi::Value toSparseList(Napi::Env env, const SparseFeatures& features) {
  Napi::Object out = Napi::Object::New(env);
  setSparseFeatures(out, features);
  return out;
}

Napi::Value toFeatures(Napi::Env env, const FeatureActivations& features) {
  if (features.dense.defined()) return toNativeArray(env, features.dense);
  return toSparseList(env, features.sparse);
}

}  // namespace circuit_tracer
