// The engine's jobs on features of a corpus.
#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/handle.h"
#include "binding/results.h"
#include "features/document_activations.h"
#include "features/logit_effects.h"

namespace circuit_tracer {
Napi::Value Engine::documentActivations(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto transcoders = Handle<TranscoderSet>::get(info[1]);
  const auto tokens = toInts(info[2], "tokens");
  const auto lengths = toInts(info[3], "lengths");
  const int64_t specialPositions = info[4].As<Napi::Number>().Int64Value();
  return submit(
      info,
      [=](const JobControl& control) {
        return circuit_tracer::documentActivations(*model, *transcoders, tokens, lengths,
                                                   specialPositions, control);
      },
      [](Napi::Env env, SparseFeatures& features) { return toSparseList(env, features); });
}

Napi::Value Engine::logitEffects(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto transcoders = Handle<TranscoderSet>::get(info[1]);
  const int64_t layer = info[2].As<Napi::Number>().Int64Value();
  const int64_t count = info[3].As<Napi::Number>().Int64Value();
  return submit(
      info,
      [=](const JobControl& control) {
        return circuit_tracer::logitEffects(*model, *transcoders, layer, count, control);
      },
      [](Napi::Env env, LogitEffects& effects) -> Napi::Value {
        Napi::Object out = Napi::Object::New(env);
        out.Set("top", toInt32Array(env, effects.top));
        out.Set("bottom", toInt32Array(env, effects.bottom));
        return out;
      });
}

}  // namespace circuit_tracer
