// The engine's jobs on a model: forward passes and attribution.
#include <ATen/Functions.h>

#include <set>

#include "attribution/attribute.h"
#include "attribution/setup.h"
#include "attribution/targets.h"
#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/handle.h"
#include "binding/host_floats.h"
#include "binding/results.h"
#include "finite.h"
#include "model/hook_capture.h"

namespace circuit_tracer {
namespace {

at::Tensor tokenTensor(const std::vector<int64_t>& tokens, const Transformer& model) {
  return at::tensor(tokens, at::kLong).to(model.device());
}

struct ForwardResult {
  at::Tensor logits;
  std::map<std::string, at::Tensor> activations;
};

// Runs the prompt and keeps the values of the named hook points.
ForwardResult runWithHooks(const Transformer& model, const std::vector<int64_t>& tokens,
                           const std::vector<std::string>& names, const JobControl& control) {
  HookCapture capture(names);
  ForwardResult result;
  const Hook hook = [&](HookPoint point, int64_t layer, at::Tensor value) {
    if (point == HookPoint::ResidPre) control.report("forward", layer, model.spec().nLayers);
    capture.see(point, layer, value);
    return value;
  };
  const at::Tensor logits = model.forward(tokenTensor(tokens, model), hook);
  requireFinite(logits, "logits of the prompt");
  result.logits = hostFloats(logits);
  result.activations = hostFloats(capture.values());
  return result;
}

Napi::Object forwardObject(Napi::Env env, const ForwardResult& result) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("logits", toNativeArray(env, result.logits));
  out.Set("activations", toNativeArrays(env, result.activations));
  return out;
}

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

struct FeatureActivations {
  ForwardResult forward;
  at::Tensor dense;  // [layers, n, F], undefined when sparse
  SparseFeatures sparse;
};

// [layers, n, F]; layers with fewer features are padded with zeros.
at::Tensor denseActivations(const TranscoderSet& transcoders, const Trace& trace,
                            int64_t zeroPositions, bool applyActivation,
                            const JobControl& control) {
  const TranscoderSpec& spec = transcoders.spec();
  const int64_t widest = *std::max_element(spec.nFeatures.begin(), spec.nFeatures.end());
  at::Tensor out = at::empty({spec.nLayers, trace.nPositions(), widest}, at::kFloat);
  for (int64_t l = 0; l < spec.nLayers; ++l) {
    control.report("encode", l, spec.nLayers);
    out[l].slice(1, spec.nFeatures[l]).zero_();
    out[l]
        .slice(1, 0, spec.nFeatures[l])
        .copy_(transcoders.encodeLayer(l, trace.featureInputs[l], applyActivation));
  }
  out.slice(1, 0, zeroPositions).zero_();
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
  const auto tokenIds = toInts(info[1].As<Napi::Int32Array>());
  return submit(
      info,
      [=](const JobControl&) {
        return hostFloats(circuit_tracer::tokenDirections(*model, tokenIds));
      },
      [](Napi::Env env, at::Tensor& rows) -> Napi::Value { return toNativeArray(env, rows); });
}

Napi::Value Engine::forward(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto tokens = toInts(info[1].As<Napi::Int32Array>());
  const auto names = toStrings(info[2].As<Napi::Array>());
  return submit(
      info, [=](const JobControl& control) { return runWithHooks(*model, tokens, names, control); },
      [](Napi::Env env, ForwardResult& result) -> Napi::Value {
        return forwardObject(env, result);
      });
}

Napi::Value Engine::featureActivations(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto transcoders = Handle<TranscoderSet>::get(info[1]);
  const auto tokens = toInts(info[2].As<Napi::Int32Array>());
  const int64_t zeroPositions = info[3].As<Napi::Number>().Int64Value();
  const bool applyActivation = info[4].ToBoolean();
  const bool sparse = info[5].ToBoolean();
  return submit(
      info,
      [=](const JobControl& control) {
        FeatureActivations out;
        const Trace trace =
            tracePrompt(*model, transcoders->spec(), tokenTensor(tokens, *model), control);
        out.forward.logits = hostFloats(trace.logits);
        if (sparse) {
          out.sparse = transcoders->encodeSparse(trace.featureInputs, zeroPositions,
                                                 applyActivation, control);
        } else {
          out.dense =
              denseActivations(*transcoders, trace, zeroPositions, applyActivation, control);
        }
        return out;
      },
      [](Napi::Env env, FeatureActivations& result) -> Napi::Value {
        Napi::Object out = forwardObject(env, result.forward);
        if (result.dense.defined()) {
          out.Set("features", toNativeArray(env, result.dense));
        } else {
          Napi::Object features = Napi::Object::New(env);
          setSparseFeatures(features, result.sparse);
          out.Set("features", features);
        }
        return out;
      });
}

Napi::Value Engine::setupAttribution(const Napi::CallbackInfo& info) {
  const auto model = Handle<Transformer>::get(info[0]);
  const auto transcoders = Handle<TranscoderSet>::get(info[1]);
  const auto tokens = toInts(info[2].As<Napi::Int32Array>());
  const int64_t zeroPositions = info[3].As<Napi::Number>().Int64Value();
  return submit(
      info,
      [=](const JobControl& control) {
        return setupArrays(setUpAttribution(*model, *transcoders, tokenTensor(tokens, *model),
                                            zeroPositions, control));
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
