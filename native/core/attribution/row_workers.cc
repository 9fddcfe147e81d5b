#include "attribution/row_workers.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

#include "parallel_tasks.h"

namespace circuit_tracer {
namespace {

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
// On one thread of a CPU, more rows times positions are not faster, and only take memory.
constexpr BatchLimits kCpuLimits{.rows = kAny, .positions = 768, .idlePositions = 128};
// Across layers there are many more decoder rows, and twice as many target rows share their
// reading.
constexpr BatchLimits kCpuCrossLayerLimits{.rows = kAny, .positions = 1536, .idlePositions = 128};
// A GPU has some thousand small kernels to start for a batch, whatever its size.
constexpr BatchLimits kGpuLimits{.rows = kAny, .positions = kAny, .idlePositions = 8192};

// Batches side by side on a device; on all of the CPU together.
int64_t workersOn(at::Device device) {
  if (device.is_cpu()) return at::get_num_threads();
  return device.is_cuda() ? 2 : 1;
}

// Edges on the CPU. `storage` is page-locked, which copies from a GPU need to be fast, and only
// ever grows.
at::Tensor onHost(const at::Tensor& edges, at::Tensor& storage) {
  if (!edges.is_cuda()) return edges.to(at::kCPU);
  if (!storage.defined() || storage.numel() < edges.numel()) {
    storage = at::empty({edges.numel()}, at::TensorOptions(at::kFloat).pinned_memory(true));
  }
  return storage.narrow(0, 0, edges.numel()).view(edges.sizes()).copy_(edges);
}

}  // namespace

RowWorkers::RowWorkers(const std::vector<LocalModel>& replicas, int64_t batchSize, EdgeTable& table)
    : batchSize_(batchSize), table_(table) {
  std::vector<const LocalModel*> onCpu;
  for (const LocalModel& local : replicas) {
    if (local.device().is_cpu()) {
      onCpu.push_back(&local);
    } else {
      const int64_t workers = workersOn(local.device());
      for (int64_t w = 0; w < workers; ++w) workers_.emplace_back(local);
    }
  }
  onCpu_ = !onCpu.empty();
  if (!onCpu_) return;
  const size_t workers = std::max<size_t>(at::get_num_threads(), onCpu.size());
  for (size_t w = 0; w < workers; ++w) workers_.emplace_back(*onCpu[w % onCpu.size()]);
}

BatchLimits RowWorkers::limitsFor(int64_t rows) const {
  const LocalModel& local = workers_.front().backward.local();
  BatchLimits limits = !onCpu_ ? kGpuLimits : local.crossLayer ? kCpuCrossLayerLimits : kCpuLimits;
  const int64_t workers = workersOn(onCpu_ ? at::Device(at::kCPU) : local.device());
  limits.rows =
      std::min(std::max<int64_t>(1, batchSize_ / workers), (rows + workers - 1) / workers);
  return limits;
}

void RowWorkers::compute(const std::vector<int64_t>& rows, const ReadVectors& readVectors,
                         const JobControl& control, const std::function<void(int64_t)>& onBatch) {
  std::vector<PendingRow> pending;
  for (const int64_t row : rows) {
    pending.push_back({row, table_.layerOfRow(row), table_.positionOfRow(row)});
  }
  const auto batches =
      planBatches(std::move(pending), limitsFor(static_cast<int64_t>(rows.size())));
  parallelTasks(static_cast<int64_t>(batches.size()), static_cast<int64_t>(workers_.size()),
                [&](int64_t b, int64_t worker) {
                  control.poll();
                  computeBatch(workers_[worker], batches[b], readVectors);
                  const std::lock_guard lock(reporting_);
                  onBatch(static_cast<int64_t>(batches[b].size()));
                });
}

void RowWorkers::computeBatch(Worker& worker, const std::vector<PendingRow>& batch,
                              const ReadVectors& readVectors) {
  Backward& backward = worker.backward;
  TargetRows targets;
  std::vector<int64_t> rows;
  for (const PendingRow& row : batch) {
    targets.entryLayer.push_back(row.entryLayer);
    targets.position.push_back(row.position);
    rows.push_back(row.index);
  }
  targets.vectors = readVectors(rows).to(backward.local().device());
  const at::Tensor edges = onHost(backward.edgeRows(targets), worker.host);
  const float* working = edges.const_data_ptr<float>();
  const WorkingColumns columns = backward.columns();
  for (size_t r = 0; r < rows.size(); ++r) {
    table_.fill(rows[r], working + r * columns.total(), columns);
  }
}

}  // namespace circuit_tracer
