// The engine's jobs that load weights.
#include <memory>

#include "binding/addon_data.h"
#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/handle.h"

namespace circuit_tracer {

Napi::Value Engine::loadTransformer(const Napi::CallbackInfo& info) {
  const ModelSpec spec = toModelSpec(info[0].As<Napi::Object>());
  const auto sources = toTensorSources(info[1].As<Napi::Object>());
  const at::Device device = toDevice(info[2].As<Napi::String>());
  const at::ScalarType dtype = toDtype(info[3]);
  const bool lazyWeights = info[4].ToBoolean();
  return submit(
      info,
      [=](const JobControl& control) {
        return std::make_shared<Transformer>(spec, sources, dtype, device, lazyWeights, control);
      },
      [](Napi::Env env, std::shared_ptr<Transformer>& model) {
        auto& constructor = env.GetInstanceData<AddonData>()->transformerHandle;
        return Handle<Transformer>::wrap(constructor.Value(), model);
      });
}

Napi::Value Engine::loadTranscoders(const Napi::CallbackInfo& info) {
  const TranscoderSpec spec = toTranscoderSpec(info[0].As<Napi::Object>());
  const auto sources = toTranscoderSources(info[1].As<Napi::Array>());
  const auto options = info[3].As<Napi::Object>();
  const TranscoderLoading loading{
      .dtype = toDtype(options.Get("dtype")),
      .device = toDevice(info[2].As<Napi::String>()),
      .lazyEncoder = toFlag(options, "lazyEncoder"),
      .lazyDecoder = toFlag(options, "lazyDecoder"),
  };
  return submit(
      info,
      [=](const JobControl& control) {
        return std::make_shared<TranscoderSet>(spec, sources, loading, control);
      },
      [](Napi::Env env, std::shared_ptr<TranscoderSet>& transcoders) {
        auto& constructor = env.GetInstanceData<AddonData>()->transcodersHandle;
        return Handle<TranscoderSet>::wrap(constructor.Value(), transcoders);
      });
}

}  // namespace circuit_tracer
