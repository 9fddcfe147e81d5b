// The engine's jobs that edit a run.
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "binding/addon_data.h"
#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/handle.h"
#include "binding/host_floats.h"
#include "binding/results.h"
#include "features/feature_activations.h"
#include "intervention/intervene.h"

namespace circuit_tracer {
namespace {

struct InterventionOutput {
  at::Tensor logits, rawLogits;
  std::map<std::string, at::Tensor> cache;
  std::optional<FeatureActivations> activations;
};

Napi::Value outputObject(Napi::Env env, const InterventionOutput& output) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("logits", toNativeArray(env, output.logits));
  out.Set("rawLogits", toNativeArray(env, output.rawLogits));
  out.Set("cache", toNativeArrays(env, output.cache));
  out.Set("activations", output.activations ? toFeatures(env, *output.activations) : env.Null());
  return out;
}

}  // namespace

Napi::Value Engine::newKeyValueCache(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  auto& constructor = info.Env().GetInstanceData<AddonData>()->keyValueCacheHandle;
  return Handle<KeyValueCache>::wrap(constructor.Value(),
                                     std::make_shared<KeyValueCache>(model->spec().nLayers));
}

Napi::Value Engine::intervene(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto transcoders = Handle<TranscoderSet>::get(info[1]);
  const auto options = info[2].As<Napi::Object>();
  const auto tokens = toInts(options.Get("tokens"), "tokens");
  const Intervention intervention = toIntervention(options, model->spec().nLayers);
  const ActivationReturn wanted = toActivationReturn(options);
  const auto layout = toFlag(options, "sparse") ? FeatureLayout::Sparse : FeatureLayout::Dense;
  const auto hookNames = toStrings(options.Get("hookNames"), "hookNames");
  std::shared_ptr<KeyValueCache> cache;
  if (info[3].IsObject()) cache = Handle<KeyValueCache>::get(info[3]);
  return submit(
      info,
      [=](const JobControl& control) {
        HookCapture capture(hookNames);
        const InterventionResult result =
            circuit_tracer::intervene(*model, *transcoders, model->tokenTensor(tokens),
                                      intervention, wanted, cache.get(), capture, control);
        InterventionOutput output;
        output.logits = hostFloats(result.logits);
        output.rawLogits = hostFloats(result.rawLogits);
        output.cache = hostFloats(capture.values());
        if (wanted != ActivationReturn::None) {
          output.activations = arrangeActivations(result.activations, layout);
        }
        return output;
      },
      [](Napi::Env env, InterventionOutput& output) { return outputObject(env, output); });
}

}  // namespace circuit_tracer
