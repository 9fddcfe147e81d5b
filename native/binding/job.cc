#include "binding/job.h"

#include <c10/util/Exception.h>

#include <new>

namespace circuit_tracer {
namespace {

// LibTorch reports a failed CPU allocation as a plain c10::Error.
bool isOutOfMemory(const std::string& message) {
  return message.find("not enough memory") != std::string::npos ||
         message.find("can't allocate memory") != std::string::npos ||
         message.find("out of memory") != std::string::npos;
}

}  // namespace

void Job::run(const std::function<void()>& onProgress) {
  JobControl control;
  control.cancelled = cancelled_.get();
  if (!progressCallback_.IsEmpty()) {
    control.onProgress = [&](const std::string& phase, int64_t done, int64_t total) {
      noteProgress(onProgress, {phase, done, total});
    };
  }
  try {
    control.poll();
    compute(control);
  } catch (const CodedError& error) {
    fail(error.code(), error.what());
  } catch (const c10::OutOfMemoryError& error) {
    fail("ERR_OUT_OF_MEMORY", error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    fail(isOutOfMemory(message) ? "ERR_OUT_OF_MEMORY" : "ERR_NATIVE", message);
  } catch (const std::bad_alloc&) {
    fail("ERR_OUT_OF_MEMORY", "memory for the result could not be allocated.");
  } catch (const std::exception& error) {
    fail("ERR_NATIVE", error.what());
  } catch (...) {
    fail("ERR_NATIVE", "an unknown exception was thrown in native code");
  }
  releaseInputs();
}

void Job::fail(const std::string& code, const std::string& message) {
  failed_ = true;
  failureCode_ = code;
  failureMessage_ = message;
}

void Job::noteProgress(const std::function<void()>& onProgress, Progress progress) {
  {
    const std::lock_guard<std::mutex> lock(progressMutex_);
    progress_ = std::move(progress);
  }
  if (!progressQueued_.exchange(true)) onProgress();
}

void Job::setProgressCallback(const Napi::Value& callback) {
  if (callback.IsFunction()) {
    progressCallback_ = Napi::Persistent(callback.As<Napi::Function>());
  }
}

void Job::deliverProgress(Napi::Env env) {
  progressQueued_.store(false);
  Progress progress;
  {
    const std::lock_guard<std::mutex> lock(progressMutex_);
    progress = progress_;
  }
  progressCallback_.Call({Napi::String::New(env, progress.phase),
                          Napi::Number::New(env, static_cast<double>(progress.done)),
                          Napi::Number::New(env, static_cast<double>(progress.total))});
}

// Making the result can fail, too: it may be larger than JavaScript can hold.
bool Job::resolve(Napi::Env env) {
  try {
    deferred_.Resolve(result(env));
    return true;
  } catch (const CodedError& error) {
    fail(error.code(), error.what());
  } catch (const Napi::Error& error) {
    fail("ERR_OUT_OF_MEMORY", "the result could not be made: " + error.Message());
  } catch (const std::exception& error) {
    fail("ERR_NATIVE", error.what());
  }
  return false;
}

void Job::settle(Napi::Env env) {
  if (!failed_ && resolve(env)) return;
  Napi::Error error = Napi::Error::New(env, failureMessage_);
  error.Set("code", Napi::String::New(env, failureCode_));
  deferred_.Reject(error.Value());
}

}  // namespace circuit_tracer
