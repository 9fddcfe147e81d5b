#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding/progress_queue.h"
#include "job_control.h"

namespace circuit_tracer {

// One call from JavaScript: computes on the engine's thread, becomes a JS value on the JS thread.
// Created and destroyed on the JS thread only.
class Job {
 public:
  explicit Job(Napi::Env env) : deferred_(Napi::Promise::Deferred::New(env)) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // Engine thread. Never throws: a failure is kept for `settle`. `onProgress` is told that
  // progress is waiting to be delivered.
  void run(const std::function<void()>& onProgress);
  // JS thread. Settling delivers the progress that still waits.
  void settle(Napi::Env env);
  void deliverProgress(Napi::Env env);
  // JS thread, of a job that never ran: it rejects with ABORT_ERR.
  void reject(Napi::Env env);
  // Set to stop the job at its next poll; outlives the job, so a late cancel is harmless.
  const std::shared_ptr<std::atomic<bool>>& cancelFlag() const { return cancelled_; }
  Napi::Promise promise() const { return deferred_.Promise(); }
  void setProgressCallback(const Napi::Value& callback);
  // Keeps a JS value (an array the job reads, the engine) alive until the job is destroyed.
  void keepAlive(const Napi::Object& value) { kept_.push_back(Napi::Persistent(value)); }

 protected:
  virtual void compute(const JobControl& control) = 0;
  // Lets go of tensors on the engine thread, where freeing them blocks nobody.
  virtual void releaseInputs() = 0;
  virtual Napi::Value result(Napi::Env env) = 0;

 private:
  void computeOrFail(const JobControl& control);
  void fail(const std::string& code, const std::string& message);
  void rejectWithFailure(Napi::Env env);

  Napi::Promise::Deferred deferred_;
  Napi::FunctionReference progressCallback_;
  std::vector<Napi::ObjectReference> kept_;
  std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
  ProgressQueue progress_;
  bool failed_ = false;
  std::string failureCode_, failureMessage_;
};

// A job made of two functions: work on the engine thread, conversion on the JS thread.
template <typename Result>
class FunctionJob : public Job {
 public:
  using Work = std::function<Result(const JobControl&)>;
  using Convert = std::function<Napi::Value(Napi::Env, Result&)>;

  FunctionJob(Napi::Env env, Work work, Convert convert)
      : Job(env), work_(std::move(work)), convert_(std::move(convert)) {}

 protected:
  void compute(const JobControl& control) override {
    result_ = std::make_unique<Result>(work_(control));
  }
  void releaseInputs() override { work_ = nullptr; }
  Napi::Value result(Napi::Env env) override { return convert_(env, *result_); }

 private:
  Work work_;
  Convert convert_;
  std::unique_ptr<Result> result_;
};

}  // namespace circuit_tracer
