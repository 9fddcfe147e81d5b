#include "attribution/rows/batch_size.h"

#include <torch/version.h>

#include <algorithm>
#include <limits>

#include "attribution/rows/backward.h"

#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 13
#include <ATen/DeviceAccelerator.h>
#endif

namespace circuit_tracer {
namespace {

constexpr int64_t kMostRows = 512;

// Free bytes of a device. Releases before 2.13 and Apple's GPU do not report them: no limit then.
int64_t bytesLeft(at::Device device, int64_t availableMemory) {
  if (device.is_cpu()) return availableMemory;
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 13
  if (device.is_cuda()) {
    return static_cast<int64_t>(
        at::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first);
  }
#endif
  return std::numeric_limits<int64_t>::max();
}

// Bytes that one row of a batch takes in Backward's buffers, its edges and its gradient.
int64_t bytesPerRow(const LocalModel& local) {
  const int64_t numbers =
      local.nPositions * bufferWidths(local).total() + local.columns.total() + 2 * local.dModel;
  return numbers * static_cast<int64_t>(sizeof(float));
}

}  // namespace

int64_t chooseBatchSize(const std::vector<LocalModel>& locals, int64_t availableMemory) {
  int64_t rows = kMostRows;
  for (const LocalModel& local : locals) {
    rows = std::min(rows, bytesLeft(local.device(), availableMemory) / 2 / bytesPerRow(local));
  }
  return std::max<int64_t>(rows, 1);
}

}  // namespace circuit_tracer
