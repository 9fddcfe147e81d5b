#include <ATen/Functions.h>
#include <napi.h>

#include "binding/convert.h"
#include "binding/results.h"
#include "test/oracle.h"
#include "test/work_counter.h"

namespace circuit_tracer {
namespace {

std::vector<int64_t> ints(const Napi::Object& object, const char* name) {
  return toInts(object.Get(name), name);
}

std::vector<FeaturePlace> toPlaces(const std::vector<int64_t>& triples) {
  std::vector<FeaturePlace> out;
  for (size_t i = 0; i < triples.size(); i += 3) {
    out.push_back({triples[i], triples[i + 1], triples[i + 2]});
  }
  return out;
}

OracleRequest toRequest(const Napi::Object& object) {
  OracleRequest out;
  out.tokens = ints(object, "tokens");
  out.specialPositions = object.Get("specialPositions").As<Napi::Number>().Int64Value();
  out.features = toPlaces(ints(object, "features"));
  out.featureTargets = toPlaces(ints(object, "featureTargets"));
  const auto pairs = ints(object, "tokenTargets");
  for (size_t i = 0; i < pairs.size(); i += 2) out.tokenTargets.push_back({pairs[i], pairs[i + 1]});
  return out;
}

// autogradRows(modelSpec, weights, transcoderSpec, layers, request) -> {values, edges}, on the
// calling thread: see test/integration/oracle/support/oracle.ts.
Napi::Value oracle(const Napi::CallbackInfo& info) {
  const JobControl control;
  const Transformer model(toModelSpec(info[0].As<Napi::Object>()),
                          toTensorSources(info[1].As<Napi::Object>()), at::kFloat, at::kCPU, false,
                          control);
  const TranscoderSet transcoders(toTranscoderSpec(info[2].As<Napi::Object>()),
                                  toTranscoderSources(info[3].As<Napi::Array>()),
                                  {at::kFloat, at::kCPU, false, false}, control);
  const OracleRows rows = autogradRows(model, transcoders, toRequest(info[4].As<Napi::Object>()));
  Napi::Object out = Napi::Object::New(info.Env());
  out.Set("values", toFloat32Array(info.Env(), rows.values));
  out.Set("edges", toNativeArray(info.Env(), rows.edges));
  return out;
}

// emptyArray(length): an array of memory that is never touched, as results are given to JavaScript.
Napi::Value emptyArray(const Napi::CallbackInfo& info) {
  const int64_t length = info[0].As<Napi::Number>().Int64Value();
  return toFloat32Array(info.Env(), at::empty({length}, at::kFloat));
}

Napi::Value workCounted(const Napi::CallbackInfo& info) {
  const Work work = stopCountingWork();
  Napi::Object out = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, int64_t value) {
    out.Set(name, Napi::Number::New(info.Env(), static_cast<double>(value)));
  };
  set("flops", work.flops);
  set("products", work.products);
  set("allocations", work.allocations);
  set("allocatedBytes", work.allocatedBytes);
  set("peakBytes", work.peakBytes);
  return out;
}

}  // namespace
}  // namespace circuit_tracer

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("autogradRows", Napi::Function::New(env, circuit_tracer::oracle));
  exports.Set("emptyArray", Napi::Function::New(env, circuit_tracer::emptyArray));
  exports.Set("startCountingWork", Napi::Function::New(env, [](const Napi::CallbackInfo&) -> void {
                circuit_tracer::startCountingWork();
              }));
  exports.Set("stopCountingWork", Napi::Function::New(env, circuit_tracer::workCounted));
  return exports;
}
NODE_API_MODULE(circuit_tracer_oracle, Init)
