#include "graph/row_blocks.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cstdlib>

#include "errors.h"

namespace circuit_tracer {

OwnedRowBlocks::OwnedRowBlocks(int64_t rows, int64_t columns, int64_t blockBytes)
    : columns_(columns) {
  const auto rowBytes = columns * static_cast<int64_t>(sizeof(float));
  rowsPerBlock_ = std::max<int64_t>(1, blockBytes / std::max<int64_t>(1, rowBytes));
  for (int64_t first = 0; first < rows; first += rowsPerBlock_) {
    const int64_t count = std::min(rowsPerBlock_, rows - first);
    auto* numbers = static_cast<float*>(std::calloc(count * columns, sizeof(float)));
    require(numbers != nullptr, "ERR_OUT_OF_MEMORY", "edges of ", rows, " rows take ",
            (rows * rowBytes) >> 20, " MiB, more than could be allocated.");
    begins_.push_back(numbers);
    blocks_.push_back(at::from_blob(
        numbers, {count, columns}, [](void* memory) { std::free(memory); }, at::kFloat));
  }
}

}  // namespace circuit_tracer
