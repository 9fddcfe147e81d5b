// The addon of the benchmark:
//   copiedPromptAttribution(modelSpec, weights, transcoderSpec, layers, options) ->
//     { rows, edges, seconds, total }
//   gemmGflops(size, repeats, device) -> number
//   peakDeviceBytes(device) -> number, of a device with memory of its own
#include <ATen/Functions.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <napi.h>

#include <chrono>

#include "bench/copied_prompt_attribution.h"
#include "binding/convert.h"
#include "binding/results.h"

namespace circuit_tracer {
namespace {

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Napi::Value runCopiedPrompt(const Napi::CallbackInfo& info) {
  const Transformer model(toModelSpec(info[0].As<Napi::Object>()),
                          toTensorSources(info[1].As<Napi::Object>()), at::kFloat, at::kCPU, false,
                          {});
  const TranscoderSet transcoders(toTranscoderSpec(info[2].As<Napi::Object>()),
                                  toTranscoderSources(info[3].As<Napi::Array>()),
                                  {at::kFloat, at::kCPU, false, true}, {});
  const AttributeOptions options = toAttributeOptions(info[4].As<Napi::Object>());
  const auto start = std::chrono::steady_clock::now();
  CopiedPromptAttribution attribution(model, transcoders, options.tokens, options.specialPositions);
  auto result = attribution.run(options.maxNLogits, options.desiredLogitProb, options.batchSize,
                                options.maxFeatureNodes, options.updateIntervalRows);
  Napi::Object seconds = Napi::Object::New(info.Env());
  for (const auto& [phase, value] : result.seconds) seconds.Set(phase, value);
  Napi::Object out = Napi::Object::New(info.Env());
  out.Set("total", secondsSince(start));
  out.Set("seconds", seconds);
  out.Set("rows", toInt32Array(info.Env(), result.rows));
  out.Set("edges", toNativeArray(info.Env(), result.edges.detach()));
  return out;
}

Napi::Value gemmGflops(const Napi::CallbackInfo& info) {
  const int64_t size = info[0].As<Napi::Number>().Int64Value();
  const int64_t repeats = info[1].As<Napi::Number>().Int64Value();
  const c10::Device device(info[2].As<Napi::String>().Utf8Value());
  const at::Tensor a = at::rand({size, size}, device), b = at::rand({size, size}, device);
  at::Tensor c = at::mm(a, b);
  // Devices work through a queue; a number of the last result can only be had once it is empty.
  c[0][0].item<float>();
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < repeats; ++i) at::mm_out(c, a, b);
  c[0][0].item<float>();
  const double flops = 2.0 * size * size * size * repeats;
  return Napi::Number::New(info.Env(), flops / secondsSince(start) / 1e9);
}

Napi::Value peakDeviceBytes(const Napi::CallbackInfo& info) {
  const c10::Device device(info[0].As<Napi::String>().Utf8Value());
  const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  constexpr auto kAggregate = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return Napi::Number::New(info.Env(), static_cast<double>(stats.allocated_bytes[kAggregate].peak));
}

}  // namespace
}  // namespace circuit_tracer

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("copiedPromptAttribution", Napi::Function::New(env, circuit_tracer::runCopiedPrompt));
  exports.Set("gemmGflops", Napi::Function::New(env, circuit_tracer::gemmGflops));
  exports.Set("peakDeviceBytes", Napi::Function::New(env, circuit_tracer::peakDeviceBytes));
  return exports;
}
NODE_API_MODULE(circuit_tracer_bench, Init)
