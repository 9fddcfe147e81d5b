#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "errors.h"

namespace circuit_tracer {

// What a long computation is given to be stopped by and to report to.
struct JobControl {
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(const std::string& phase, int64_t done, int64_t total)> onProgress;

  // Throws CodedError ABORT_ERR once the caller has cancelled.
  void poll() const {
    require(cancelled == nullptr || !cancelled->load(std::memory_order_relaxed), "ABORT_ERR",
            "the operation was aborted");
  }
  void report(const std::string& phase, int64_t done, int64_t total) const {
    poll();
    if (onProgress) onProgress(phase, done, total);
  }
};

// The job that a thread works for, so that a loop far below the job's entry can poll it without
// being handed it. Other threads that take part are told by a CurrentJob made on the first.
class CurrentJob {
 public:
  CurrentJob() : control_(ofThread()) {}
  explicit CurrentJob(const JobControl& control) : control_(&control) {}

  // As JobControl, on any thread; nothing where no job is running.
  void poll() const {
    if (control_ != nullptr) control_->poll();
  }
  void report(const std::string& phase, int64_t done, int64_t total) const {
    if (control_ != nullptr) control_->report(phase, done, total);
  }

  // Makes it the job of this thread while the scope lasts.
  class Scope {
   public:
    explicit Scope(const CurrentJob& job) : before_(ofThread()) { ofThread() = job.control_; }
    ~Scope() { ofThread() = before_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const JobControl* before_;
  };

 private:
  static const JobControl*& ofThread() {
    static thread_local const JobControl* control = nullptr;
    return control;
  }

  const JobControl* control_;
};

// Polls the job of this thread.
inline void pollJob() { CurrentJob().poll(); }

}  // namespace circuit_tracer
