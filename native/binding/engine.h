#pragma once

#include <napi.h>

#include <memory>

#include "binding/worker.h"
#include "io/mapped_file.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// The native surface of lib/engine/binding.ts: each method queues one job on this engine's thread
// and returns {promise, cancel}.
class Engine : public Napi::ObjectWrap<Engine> {
 public:
  static Napi::Function define(Napi::Env env);
  // new Engine(threads)
  explicit Engine(const Napi::CallbackInfo& info);

 private:
  Napi::Value loadTransformer(const Napi::CallbackInfo& info);
  Napi::Value loadTranscoders(const Napi::CallbackInfo& info);

  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value featureActivations(const Napi::CallbackInfo& info);
  Napi::Value setupAttribution(const Napi::CallbackInfo& info);
  Napi::Value attribute(const Napi::CallbackInfo& info);

  Napi::Value documentActivations(const Napi::CallbackInfo& info);
  Napi::Value logitEffects(const Napi::CallbackInfo& info);

  Napi::Value tokenDirections(const Napi::CallbackInfo& info);
  Napi::Value newKeyValueCache(const Napi::CallbackInfo& info);
  Napi::Value intervene(const Napi::CallbackInfo& info);

  Napi::Value encodeLayer(const Napi::CallbackInfo& info);
  Napi::Value encodeSparse(const Napi::CallbackInfo& info);
  Napi::Value decoderVectors(const Napi::CallbackInfo& info);
  Napi::Value encoderVectors(const Napi::CallbackInfo& info);
  Napi::Value gatherRows(const Napi::CallbackInfo& info, RowStore TranscoderLayer::*weight);
  Napi::Value decode(const Napi::CallbackInfo& info);
  Napi::Value decodeLayer(const Napi::CallbackInfo& info);

  Napi::Value writeTensor(const Napi::CallbackInfo& info);

  Napi::Value nodeInfluence(const Napi::CallbackInfo& info);
  Napi::Value edgeInfluence(const Napi::CallbackInfo& info);
  Napi::Value totalEffects(const Napi::CallbackInfo& info);
  Napi::Value prune(const Napi::CallbackInfo& info);
  Napi::Value largestEdge(const Napi::CallbackInfo& info);
  Napi::Value scores(const Napi::CallbackInfo& info);

  void dispose(const Napi::CallbackInfo& info);

  // Queues work(control) -> Result on the thread and convert(env, result) after it. The engine and
  // the arguments stay alive until it has settled. The last argument of every method may be the
  // function that is told of progress. Files that weights among the arguments look into must be as
  // they were loaded, before the work and after it.
  template <typename Work, typename Convert>
  Napi::Value submit(const Napi::CallbackInfo& info, Work work, Convert convert) {
    using Result = decltype(work(std::declval<const JobControl&>()));
    auto checked = [files = weightFiles(info), work = std::move(work)](const JobControl& control) {
      files.requireUnchanged();
      return onUnchanged(files, [&] { return work(control); });
    };
    return submitJob(info, std::make_unique<FunctionJob<Result>>(info.Env(), std::move(checked),
                                                                 std::move(convert)));
  }
  // Of the models and transcoders among the arguments.
  static WeightFiles weightFiles(const Napi::CallbackInfo& info);
  Napi::Value submitJob(const Napi::CallbackInfo& info, std::unique_ptr<Job> job);

  Worker worker_;
};

}  // namespace circuit_tracer
