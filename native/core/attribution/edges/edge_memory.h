#pragma once

#include <cstdint>

namespace circuit_tracer {

// Limits on the memory of edges, in bytes.
struct EdgeMemory {
  int64_t most;   // all edges together
  int64_t block;  // one block of rows of the finished graph
};

}  // namespace circuit_tracer
