#include "binding/engine.h"

#include "binding/handle.h"

namespace circuit_tracer {

Napi::Function Engine::define(Napi::Env env) {
  return DefineClass(env, "Engine",
                     {
                         InstanceMethod("loadTransformer", &Engine::loadTransformer),
                         InstanceMethod("loadTranscoders", &Engine::loadTranscoders),
                         InstanceMethod("forward", &Engine::forward),
                         InstanceMethod("featureActivations", &Engine::featureActivations),
                         InstanceMethod("setupAttribution", &Engine::setupAttribution),
                         InstanceMethod("attribute", &Engine::attribute),
                         InstanceMethod("documentActivations", &Engine::documentActivations),
                         InstanceMethod("logitEffects", &Engine::logitEffects),
                         InstanceMethod("tokenDirections", &Engine::tokenDirections),
                         InstanceMethod("newKeyValueCache", &Engine::newKeyValueCache),
                         InstanceMethod("intervene", &Engine::intervene),
                         InstanceMethod("encodeLayer", &Engine::encodeLayer),
                         InstanceMethod("encodeSparse", &Engine::encodeSparse),
                         InstanceMethod("decoderVectors", &Engine::decoderVectors),
                         InstanceMethod("encoderVectors", &Engine::encoderVectors),
                         InstanceMethod("decode", &Engine::decode),
                         InstanceMethod("decodeLayer", &Engine::decodeLayer),
                         InstanceMethod("writeTensor", &Engine::writeTensor),
                         InstanceMethod("nodeInfluence", &Engine::nodeInfluence),
                         InstanceMethod("edgeInfluence", &Engine::edgeInfluence),
                         InstanceMethod("totalEffects", &Engine::totalEffects),
                         InstanceMethod("prune", &Engine::prune),
                         InstanceMethod("largestEdge", &Engine::largestEdge),
                         InstanceMethod("scores", &Engine::scores),
                         InstanceMethod("dispose", &Engine::dispose),
                     });
}

Engine::Engine(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Engine>(info),
      worker_(info.Env(), info[0].IsNumber() ? info[0].As<Napi::Number>().Int32Value() : 0) {}

void Engine::dispose(const Napi::CallbackInfo& info) { worker_.stop(info.Env()); }

WeightFiles Engine::weightFiles(const Napi::CallbackInfo& info) {
  WeightFiles files;
  for (size_t i = 0; i < info.Length(); ++i) {
    if (Handle<Transformer>::is(info[i])) files.add(Handle<Transformer>::get(info[i])->files());
    if (Handle<TranscoderSet>::is(info[i])) files.add(Handle<TranscoderSet>::get(info[i])->files());
  }
  return files;
}

Napi::Value Engine::submitJob(const Napi::CallbackInfo& info, std::unique_ptr<Job> job) {
  if (worker_.stopped()) {
    Napi::Error error = Napi::Error::New(info.Env(), "the engine is disposed");
    error.Set("code", Napi::String::New(info.Env(), "ERR_DISPOSED"));
    throw error;
  }
  job->keepAlive(Value());
  for (size_t i = 0; i < info.Length(); ++i) {
    if (info[i].IsObject() && !info[i].IsFunction()) job->keepAlive(info[i].As<Napi::Object>());
  }
  if (info.Length() > 0) job->setProgressCallback(info[info.Length() - 1]);
  return worker_.submit(info.Env(), std::move(job));
}

}  // namespace circuit_tracer
