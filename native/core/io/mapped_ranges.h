#pragma once

#include <atomic>
#include <cstdint>

namespace circuit_tracer {

// The addresses of one live mapping of a file. A signal handler looks at these, so nothing here may
// take a lock or memory.
struct MappedRange {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};     // 0 while the entry is free
  std::atomic<bool> isTaken{false};  // by an owner, from addRange to removeRange
  std::atomic<bool> isLost{false};   // pages of the file were gone when they were read
};

// Puts a mapping into the process's table, which grows as needed and never shrinks.
MappedRange& addRange(uintptr_t begin, uintptr_t end);
// Takes it out; to be called before the addresses are unmapped.
void removeRange(MappedRange& range);

// The live mapping an address lies in, or nullptr. Takes no lock and may be called anywhere, also
// in a signal handler.
MappedRange* findRange(uintptr_t address);

}  // namespace circuit_tracer
