#include "attribution/batch_size.h"

#include <torch/version.h>

#include <algorithm>
#include <limits>

#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 13
#include <ATen/DeviceAccelerator.h>
#endif

namespace circuit_tracer {
namespace {

constexpr int64_t kMostRows = 512;

// Older releases of LibTorch don't tell, nor does Apple's GPU: then as many rows as are of use.
int64_t bytesLeft(at::Device device, const AttributeOptions& options) {
  if (device.is_cpu()) return options.availableMemory;
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 13
  if (device.is_cuda()) {
    return static_cast<int64_t>(
        at::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first);
  }
#endif
  return std::numeric_limits<int64_t>::max();
}

// What each row of a batch takes while it is computed.
int64_t bytesPerRow(const LocalModel& local) {
  const bool hasSkip = std::any_of(local.skip.begin(), local.skip.end(),
                                   [](const LinearSkip& skip) { return skip.matrix.defined(); });
  // Backward's buffers: the gradient twice, while rows enter; values, one head or what skips add.
  const int64_t atPosition = 2 * local.dModel + local.nKeyValueHeads * local.dHead +
                             (hasSkip ? local.dModel : local.dHead);
  const int64_t numbers = local.nPositions * atPosition + local.columns.total() + 2 * local.dModel;
  return numbers * static_cast<int64_t>(sizeof(float));
}

}  // namespace

int64_t batchSizeOn(const std::vector<LocalModel>& locals, const AttributeOptions& options) {
  if (options.batchSize > 0) return options.batchSize;
  int64_t rows = kMostRows;
  for (const LocalModel& local : locals) {
    rows = std::min(rows, bytesLeft(local.device(), options) / 2 / bytesPerRow(local));
  }
  return std::max<int64_t>(rows, 1);
}

}  // namespace circuit_tracer
