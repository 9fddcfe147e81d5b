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

}  // namespace circuit_tracer
