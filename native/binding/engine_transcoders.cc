// The engine's jobs on transcoders alone.
#include <ATen/Functions.h>

#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/handle.h"
#include "binding/host_floats.h"
#include "binding/results.h"

namespace circuit_tracer {
namespace {

Napi::Value nativeArray(Napi::Env env, at::Tensor& tensor) { return toNativeArray(env, tensor); }

// x [layers, rows, D] over the caller's array, one tensor per layer on the device.
std::vector<at::Tensor> perLayer(const Napi::Float32Array& x, const TranscoderSet& transcoders) {
  const TranscoderSpec& spec = transcoders.spec();
  const int64_t rows = static_cast<int64_t>(x.ElementLength()) / (spec.nLayers * spec.dModel);
  return borrowFloats(x, {spec.nLayers, rows, spec.dModel}).to(transcoders.device()).unbind(0);
}

// indices: [N * 3] of (layer, position, feature). values: [N].
SparseFeatures toSparseFeatures(const Napi::Value& indexArray, const Napi::Value& valueArray) {
  const auto indices = toInts(indexArray, "indices");
  const auto values = toFloats(valueArray, "values");
  SparseFeatures out;
  for (size_t i = 0; i < values.ElementLength(); ++i) {
    out.layer.push_back(indices[3 * i]);
    out.position.push_back(indices[3 * i + 1]);
    out.feature.push_back(indices[3 * i + 2]);
    out.value.push_back(values[i]);
  }
  return out;
}

}  // namespace

Napi::Value Engine::encodeLayer(const Napi::CallbackInfo& info) {
  const auto transcoders = Handle<TranscoderSet>::get(info[0]);
  const int64_t layer = info[1].As<Napi::Number>().Int64Value();
  const auto x = toFloats(info[2], "x");
  const int64_t rows = static_cast<int64_t>(x.ElementLength()) / transcoders->spec().dModel;
  const at::Tensor input = borrowFloats(x, {rows, transcoders->spec().dModel});
  const bool applyActivation = info[3].ToBoolean();
  return submit(
      info,
      [=](const JobControl&) {
        return hostFloats(
            transcoders->encodeLayer(layer, input.to(transcoders->device()), applyActivation));
      },
      nativeArray);
}

Napi::Value Engine::encodeSparse(const Napi::CallbackInfo& info) {
  const auto transcoders = Handle<TranscoderSet>::get(info[0]);
  const auto inputs = perLayer(toFloats(info[1], "x"), *transcoders);
  const int64_t specialPositions = info[2].As<Napi::Number>().Int64Value();
  return submit(
      info,
      [=](const JobControl& control) {
        return transcoders->encodeSparse(inputs, specialPositions, true, control);
      },
      [](Napi::Env env, SparseFeatures& features) { return toSparseList(env, features); });
}

Napi::Value Engine::decoderVectors(const Napi::CallbackInfo& info) {
  return gatherRows(info, &TranscoderLayer::decoder);
}

Napi::Value Engine::encoderVectors(const Napi::CallbackInfo& info) {
  return gatherRows(info, &TranscoderLayer::encoder);
}

// (transcoders, layer, features): the listed rows of one of a layer's weights.
Napi::Value Engine::gatherRows(const Napi::CallbackInfo& info, RowStore TranscoderLayer::*weight) {
  const auto transcoders = Handle<TranscoderSet>::get(info[0]);
  const int64_t layer = info[1].As<Napi::Number>().Int64Value();
  const auto features = toInts(info[2], "features");
  return submit(
      info,
      [=](const JobControl&) {
        return hostFloats(
            (transcoders->layer(layer).*weight).gather(at::tensor(features, at::kLong)));
      },
      nativeArray);
}

Napi::Value Engine::decode(const Napi::CallbackInfo& info) {
  const auto transcoders = Handle<TranscoderSet>::get(info[0]);
  const SparseFeatures features = toSparseFeatures(info[1], info[2]);
  const int64_t rows = info[3].As<Napi::Number>().Int64Value();
  std::vector<at::Tensor> inputs;
  if (info[4].IsTypedArray()) inputs = perLayer(toFloats(info[4], "inputs"), *transcoders);
  return submit(
      info,
      [=](const JobControl&) {
        return stackedHostFloats(transcoders->decode(features, rows, inputs));
      },
      nativeArray);
}

Napi::Value Engine::decodeLayer(const Napi::CallbackInfo& info) {
  const auto transcoders = Handle<TranscoderSet>::get(info[0]);
  const int64_t layer = info[1].As<Napi::Number>().Int64Value();
  const SparseFeatures features = toSparseFeatures(info[2], info[3]);
  const int64_t rows = info[4].As<Napi::Number>().Int64Value();
  at::Tensor input;
  if (info[5].IsTypedArray()) {
    const int64_t width = transcoders->spec().dModel;
    input = borrowFloats(toFloats(info[5], "inputs"), {rows, width}).to(transcoders->device());
  }
  return submit(
      info,
      [=](const JobControl&) { return transcoders->decodeLayer(layer, features, rows, input); },
      nativeArray);
}

}  // namespace circuit_tracer
