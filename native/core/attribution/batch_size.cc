#include "attribution/batch_size.h"

#include <torch/version.h>

#include <algorithm>
#include <limits>

#include "attribution/backward.h"

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
  const int64_t numbers =
      local.nPositions * bufferWidths(local).total() + local.columns.total() + 2 * local.dModel;
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
