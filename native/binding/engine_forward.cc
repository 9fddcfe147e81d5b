// The engine's jobs that run a prompt through the model.
#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/handle.h"
#include "binding/host_floats.h"
#include "binding/results.h"
#include "features/feature_activations.h"
#include "model/captured_forward.h"

namespace circuit_tracer {
namespace {

Napi::Object forwardObject(Napi::Env env, const CapturedForward& result) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("logits", toNativeArray(env, result.logits));
  out.Set("activations", toNativeArrays(env, result.values));
  return out;
}

}  // namespace

Napi::Value Engine::forward(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto tokens = toInts(info[1], "tokens");
  const auto hookNames = toStrings(info[2], "hookNames");
  return submit(
      info,
      [=](const JobControl& control) {
        const auto result = captureForward(*model, model->tokenTensor(tokens), hookNames, control);
        return CapturedForward{hostFloats(result.logits), hostFloats(result.values)};
      },
      [](Napi::Env env, CapturedForward& result) -> Napi::Value {
        return forwardObject(env, result);
      });
}

Napi::Value Engine::featureActivations(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto transcoders = Handle<TranscoderSet>::get(info[1]);
  const auto tokens = toInts(info[2], "tokens");
  const int64_t specialPositions = info[3].As<Napi::Number>().Int64Value();
  const bool applyActivation = info[4].ToBoolean();
  const auto layout = info[5].ToBoolean() ? FeatureLayout::Sparse : FeatureLayout::Dense;
  return submit(
      info,
      [=](const JobControl& control) {
        auto result = promptActivations(*model, *transcoders, model->tokenTensor(tokens),
                                        specialPositions, applyActivation, layout, control);
        result.logits = hostFloats(result.logits);
        return result;
      },
      [](Napi::Env env, PromptActivations& result) -> Napi::Value {
        Napi::Object out = forwardObject(env, {result.logits, {}});
        out.Set("features", toFeatures(env, result.features));
        return out;
      });
}

}  // namespace circuit_tracer
