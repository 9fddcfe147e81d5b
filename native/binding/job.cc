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
      if (progress_.add({phase, done, total})) onProgress();
    };
  }
  computeOrFail(control);
  if (!failed_) progress_.finish();
  releaseInputs();
}

void Job::computeOrFail(const JobControl& control) {
  const CurrentJob::Scope scope{CurrentJob(control)};
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
}

void Job::fail(const std::string& code, const std::string& message) {
  failed_ = true;
  failureCode_ = code;
  failureMessage_ = message;
}

void Job::setProgressCallback(const Napi::Value& callback) {
  if (callback.IsFunction()) {
    progressCallback_ = Napi::Persistent(callback.As<Napi::Function>());
  }
}

void Job::deliverProgress(Napi::Env env) {
  for (const ProgressEvent& event : progress_.take()) {
    progressCallback_.Call({Napi::String::New(env, event.phase),
                            Napi::Number::New(env, static_cast<double>(event.done)),
                            Napi::Number::New(env, static_cast<double>(event.total))});
  }
}

void Job::reject(Napi::Env env) {
  fail("ABORT_ERR", "the operation was aborted");
  settle(env);
}

// Making the result can fail, too: it may be larger than JavaScript can hold.
void Job::settle(Napi::Env env) {
  deliverProgress(env);
  if (failed_) return rejectWithFailure(env);
  try {
    deferred_.Resolve(result(env));
    return;
  } catch (const CodedError& error) {
    fail(error.code(), error.what());
  } catch (const Napi::Error& error) {
    fail("ERR_OUT_OF_MEMORY", "the result could not be made: " + error.Message());
  } catch (const std::bad_alloc&) {
    fail("ERR_OUT_OF_MEMORY", "memory for the result could not be allocated.");
  } catch (const std::exception& error) {
    fail("ERR_NATIVE", error.what());
  }
  rejectWithFailure(env);
}

void Job::rejectWithFailure(Napi::Env env) {
  Napi::Error error = Napi::Error::New(env, failureMessage_);
  error.Set("code", Napi::String::New(env, failureCode_));
  deferred_.Reject(error.Value());
}

}  // namespace circuit_tracer
