#pragma once

#include <cstdint>

namespace circuit_tracer {

// What LibTorch does in the whole process, on any thread.
struct Work {
  int64_t flops = 0;           // two for each multiplication of a matrix product
  int64_t products = 0;        // matrix products
  int64_t allocations = 0;     // of tensors on the CPU
  int64_t allocatedBytes = 0;  // by all of them
  int64_t peakBytes = 0;       // most of them alive at once
};

// Counts from here on. Not while tensors are allocated on another thread.
void startCountingWork();

// Stops, and tells what was done since; likewise.
Work stopCountingWork();

}  // namespace circuit_tracer
