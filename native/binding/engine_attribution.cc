// The engine's jobs that attribute.
#include <map>
#include <string>

#include "attribution/attribute.h"
#include "attribution/local_model/setup.h"
#include "attribution/targets.h"
#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/handle.h"
#include "binding/host_floats.h"
#include "binding/results.h"

namespace circuit_tracer {
namespace {

Napi::Value graphObject(Napi::Env env, GraphData& graph) {
  Napi::Object out = Napi::Object::New(env);
  setSparseFeatures(out, graph.features);
  out.Set("selectedFeatures", toInt32Array(env, graph.selected));
  out.Set("logitTokenIds", toInt32Array(env, graph.logitTokenIds));
  out.Set("logitProbabilities", toFloat32Array(env, graph.logitProbabilities));
  Napi::Array edges = Napi::Array::New(env);
  for (const at::Tensor& block : graph.edges.blocks()) {
    edges.Set(edges.Length(), toFloat32Array(env, block));
  }
  out.Set("edges", edges);
  out.Set("reconstructionSums", toNativeArray(env, graph.reconstructionSums));
  Napi::Object timings = Napi::Object::New(env);
  for (const auto& [phase, seconds] : graph.timings) timings.Set(phase, seconds);
  out.Set("timings", timings);
  return out;
}

// What setUpAttribution gives, as JavaScript gets it.
struct SetupArrays {
  SparseFeatures features;
  std::map<std::string, at::Tensor> arrays;
};

SetupArrays setupArrays(AttributionSetup setup) {
  const Trace& trace = setup.trace;
  return {std::move(setup.features),
          {{"featureInputs", stackedHostFloats(trace.featureInputs)},
           {"featureOutputs", stackedHostFloats(trace.featureOutputs)},
           {"reconstruction", stackedHostFloats(setup.reconstruction)},
           {"errorVectors", stackedHostFloats(setup.errors)},
           {"reconstructionSums", hostFloats(setup.reconstructionSums)},
           {"tokenVectors", hostFloats(trace.embeddings)},
           {"logits", hostFloats(trace.logits)}}};
}

}  // namespace

Napi::Value Engine::tokenDirections(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto tokenIds = toInts(info[1], "tokenIds");
  return submit(
      info,
      [=](const JobControl&) {
        return hostFloats(circuit_tracer::tokenDirections(*model, tokenIds));
      },
      [](Napi::Env env, at::Tensor& rows) -> Napi::Value { return toNativeArray(env, rows); });
}

Napi::Value Engine::setupAttribution(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto transcoders = Handle<TranscoderSet>::get(info[1]);
  const auto tokens = toInts(info[2], "tokens");
  const int64_t specialPositions = info[3].As<Napi::Number>().Int64Value();
  return submit(
      info,
      [=](const JobControl& control) {
        return setupArrays(setUpAttribution(*model, *transcoders, model->tokenTensor(tokens),
                                            specialPositions, control));
      },
      [](Napi::Env env, SetupArrays& setup) -> Napi::Value {
        Napi::Object out = toNativeArrays(env, setup.arrays).As<Napi::Object>();
        setSparseFeatures(out, setup.features);
        return out;
      });
}

Napi::Value Engine::attribute(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto transcoders = Handle<TranscoderSet>::get(info[1]);
  const AttributeOptions options = toAttributeOptions(info[2].As<Napi::Object>());
  return submit(
      info,
      [=](const JobControl& control) {
        return circuit_tracer::attribute(*model, *transcoders, options, control);
      },
      graphObject);
}

}  // namespace circuit_tracer
