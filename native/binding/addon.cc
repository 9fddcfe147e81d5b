#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <napi.h>
#include <torch/version.h>

#include "binding/addon_data.h"
#include "binding/engine.h"
#include "binding/handle.h"
#include "binding/worker.h"

namespace circuit_tracer {
namespace {

Napi::Value cudaDeviceCount(const Napi::CallbackInfo& info) {
  const int count = at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
  return Napi::Number::New(info.Env(), count);
}

Napi::Value mpsAvailable(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), at::hasMPS());
}

void closeEngines(const Napi::CallbackInfo& info) { Worker::closeAll(info.Env()); }

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  auto* data = new AddonData;
  env.SetInstanceData(data);
  data->transformerHandle = Napi::Persistent(Handle<Transformer>::define(env));
  data->transcodersHandle = Napi::Persistent(Handle<TranscoderSet>::define(env));
  data->keyValueCacheHandle = Napi::Persistent(Handle<KeyValueCache>::define(env));
  exports.Set("libtorchVersion", TORCH_VERSION);
  exports.Set("cudaDeviceCount", Napi::Function::New(env, cudaDeviceCount));
  exports.Set("mpsAvailable", Napi::Function::New(env, mpsAvailable));
  exports.Set("closeEngines", Napi::Function::New(env, closeEngines));
  exports.Set("Engine", Engine::define(env));
  return exports;
}

}  // namespace
}  // namespace circuit_tracer

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  return circuit_tracer::initialise(env, exports);
}
NODE_API_MODULE(circuit_tracer, Init)
