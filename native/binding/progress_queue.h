#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace circuit_tracer {

struct ProgressEvent {
  std::string phase;
  int64_t done = 0, total = 0;
};

// What a job reports on its thread, until the JS thread takes it. Each phase begins at 0 and ends
// at its total, whatever the job reports; in between, only the latest event waits, and `done` never
// falls. Phases that are over don't come back.
class ProgressQueue {
 public:
  // True when nothing was waiting, so that the JS thread has to be told.
  bool add(ProgressEvent event);
  // The job has succeeded: its last phase is over.
  void finish();
  // Empties the queue.
  std::vector<ProgressEvent> take();

 private:
  void append(ProgressEvent event);
  void endPhase();

  std::mutex mutex_;
  std::vector<ProgressEvent> waiting_;
  ProgressEvent last_;
  bool begun_ = false;
};

}  // namespace circuit_tracer
