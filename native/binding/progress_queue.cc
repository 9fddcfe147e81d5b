#include "binding/progress_queue.h"

#include <utility>

namespace circuit_tracer {
namespace {

bool isInside(const ProgressEvent& event) { return event.done > 0 && event.done < event.total; }

}  // namespace

bool ProgressQueue::add(ProgressEvent event) {
  const std::lock_guard lock(mutex_);
  const bool wasEmpty = waiting_.empty();
  if (!begun_ || event.phase != last_.phase) {
    endPhase();
    append({event.phase, 0, event.total});
  }
  // Threads that report side by side may come in any order.
  if (event.done > last_.done) append(std::move(event));
  return wasEmpty && !waiting_.empty();
}

void ProgressQueue::finish() {
  const std::lock_guard lock(mutex_);
  endPhase();
}

std::vector<ProgressEvent> ProgressQueue::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

void ProgressQueue::endPhase() {
  if (begun_ && last_.done < last_.total) append({last_.phase, last_.total, last_.total});
}

void ProgressQueue::append(ProgressEvent event) {
  begun_ = true;
  last_ = event;
  const bool replaces =
      !waiting_.empty() && waiting_.back().phase == event.phase && isInside(waiting_.back());
  if (replaces) waiting_.pop_back();
  waiting_.push_back(std::move(event));
}

}  // namespace circuit_tracer
