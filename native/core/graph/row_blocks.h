#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// Rows of `columns` numbers that lie in blocks of whole rows, each block but the last of as many:
// one array in JavaScript holds no more than 4 GiB on Node 20.
struct RowBlocks {
  std::vector<const float*> blocks;
  int64_t rowsPerBlock = 1;
  int64_t columns = 0;

  const float* row(int64_t r) const {
    return blocks[r / rowsPerBlock] + (r % rowsPerBlock) * columns;
  }
};

// The same with memory of its own, all zero at first. Memory that is never written to is never
// taken from the machine.
class OwnedRowBlocks {
 public:
  OwnedRowBlocks() = default;
  // Blocks of at most `blockBytes`, and of one row at least. Throws CodedError ERR_OUT_OF_MEMORY.
  OwnedRowBlocks(int64_t rows, int64_t columns, int64_t blockBytes);

  float* row(int64_t r) const {
    return begins_[r / rowsPerBlock_] + (r % rowsPerBlock_) * columns_;
  }
  // float32 CPU [rows of the block, columns] each.
  const std::vector<at::Tensor>& blocks() const { return blocks_; }

 private:
  std::vector<at::Tensor> blocks_;
  std::vector<float*> begins_;
  int64_t rowsPerBlock_ = 1;
  int64_t columns_ = 0;
};

}  // namespace circuit_tracer
