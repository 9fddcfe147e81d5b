// The engine's jobs that edit a run.
#include <ATen/Functions.h>

#include <algorithm>

#include "binding/addon_data.h"
#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/handle.h"
#include "binding/host_floats.h"
#include "binding/results.h"
#include "intervention/intervene.h"
#include "job_control.h"

namespace circuit_tracer {
namespace {

// [layers, n, F]; layers with fewer features are padded with zeros.
at::Tensor stackPadded(const std::vector<at::Tensor>& layers) {
  int64_t widest = 0;
  for (const at::Tensor& layer : layers) widest = std::max(widest, layer.size(1));
  at::Tensor out =
      at::empty({static_cast<int64_t>(layers.size()), layers[0].size(0), widest}, at::kFloat);
  for (size_t l = 0; l < layers.size(); ++l) {
    pollJob();
    const at::Tensor layer = out[static_cast<int64_t>(l)];
    layer.slice(1, 0, layers[l].size(1)).copy_(layers[l]);
    layer.slice(1, layers[l].size(1)).zero_();
  }
  return out;
}

struct Outcome {
  at::Tensor logits, rawLogits;
  std::map<std::string, at::Tensor> cache;
  at::Tensor dense;
  SparseFeatures sparse;
};

Napi::Value outcomeObject(Napi::Env env, const Outcome& outcome, bool wanted, bool sparse) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("logits", toNativeArray(env, outcome.logits));
  out.Set("rawLogits", toNativeArray(env, outcome.rawLogits));
  out.Set("cache", toNativeArrays(env, outcome.cache));
  if (!wanted) {
    out.Set("activations", env.Null());
  } else if (sparse) {
    Napi::Object features = Napi::Object::New(env);
    setSparseFeatures(features, outcome.sparse);
    out.Set("activations", features);
  } else {
    out.Set("activations", toNativeArray(env, outcome.dense));
  }
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
  const auto tokens = toInts(options.Get("tokens").As<Napi::Int32Array>());
  const Intervention intervention = toIntervention(options, model->spec().nLayers);
  const ActivationReturn wanted = toActivationReturn(options);
  const bool sparse = toFlag(options, "sparse");
  const auto hookNames = toStrings(options.Get("hookNames").As<Napi::Array>());
  std::shared_ptr<KeyValueCache> cache;
  if (info[3].IsObject()) cache = Handle<KeyValueCache>::get(info[3]);
  return submit(
      info,
      [=](const JobControl& control) {
        HookCapture capture(hookNames);
        InterventionResult result = circuit_tracer::intervene(
            *model, *transcoders, at::tensor(tokens, at::kLong).to(model->device()), intervention,
            wanted, cache.get(), capture, control);
        Outcome outcome;
        outcome.logits = hostFloats(result.logits);
        outcome.rawLogits = hostFloats(result.rawLogits);
        outcome.cache = hostFloats(capture.values());
        if (wanted != ActivationReturn::None) {
          if (sparse) {
            outcome.sparse = nonZeroFeatures(result.activations);
          } else {
            outcome.dense = stackPadded(result.activations);
          }
        }
        return outcome;
      },
      [wanted, sparse](Napi::Env env, Outcome& outcome) {
        return outcomeObject(env, outcome, wanted != ActivationReturn::None, sparse);
      });
}

}  // namespace circuit_tracer
