#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <atomic>
#include <cstdint>

#include "job_control.h"

namespace circuit_tracer {

// Runs task(i, worker) for each i below `count`, `workers` at a time on the threads of tensor
// arithmetic. Inside a task, tensor operations stay on its thread, so that tasks never wait for
// each other as the parts of one parallel operation do. The first error stops the rest.
template <typename Task>
void parallelTasks(int64_t count, int64_t workers, const Task& task) {
  const CurrentJob job;
  std::atomic<int64_t> next{0};
  at::parallel_for(0, workers, 1, [&](int64_t begin, int64_t end) {
    // The caller's own reach no other thread.
    at::NoGradGuard noGrad;
    const CurrentJob::Scope scope(job);
    for (int64_t worker = begin; worker < end; ++worker) {
      for (int64_t i = next++; i < count; i = next++) {
        try {
          job.poll();
          task(i, worker);
        } catch (...) {
          next = count;
          throw;
        }
      }
    }
  });
}

}  // namespace circuit_tracer
