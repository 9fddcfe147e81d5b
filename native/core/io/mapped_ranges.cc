#include "io/mapped_ranges.h"

namespace circuit_tracer {
namespace {

struct Block {
  MappedRange ranges[256];
  std::atomic<Block*> next{nullptr};
};

static_assert(std::atomic<uintptr_t>::is_always_lock_free);
static_assert(std::atomic<bool>::is_always_lock_free);

// Engines map and unmap on their own threads, and may do so while the process exits: never
// destroyed.
Block firstBlock;

Block& nextBlock(Block& block) {
  Block* next = block.next.load();
  if (next != nullptr) return *next;
  auto* made = new Block;
  if (block.next.compare_exchange_strong(next, made)) return *made;
  delete made;  // another thread was first
  return *next;
}

}  // namespace

MappedRange& addRange(uintptr_t begin, uintptr_t end) {
  for (Block* block = &firstBlock;; block = &nextBlock(*block)) {
    for (MappedRange& range : block->ranges) {
      if (range.isTaken.exchange(true)) continue;
      range.isLost = false;
      range.begin = begin;
      range.end = end;
      return range;
    }
  }
}

void removeRange(MappedRange& range) {
  range.end = 0;
  range.isTaken = false;
}

MappedRange* findRange(uintptr_t address) {
  for (Block* block = &firstBlock; block != nullptr; block = block->next.load()) {
    for (MappedRange& range : block->ranges) {
      const uintptr_t end = range.end;
      if (address >= end || address < range.begin) continue;
      // Between the two reads the entry may have passed to another mapping.
      if (range.end == end) return &range;
    }
  }
  return nullptr;
}

}  // namespace circuit_tracer
