#include "attribution/rows/row_workers.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

#include "parallel_tasks.h"

namespace circuit_tracer {
namespace {

// Rows times positions of a batch on one thread of a CPU: larger ones take memory and are not
// faster.
constexpr int64_t kCpuPositions = 1536;

// Batches at once on a device; the CPU counts as one device.
int64_t workersOn(at::Device device) {
  if (device.is_cpu()) return at::get_num_threads();
  return device.is_cuda() ? 2 : 1;
}

// The edges in main memory. `storage` is page-locked, which makes copies from a GPU fast, and only
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
  const int64_t workers =
      workersOn(onCpu_ ? at::Device(at::kCPU) : workers_.front().backward.local().device());
  return {
      .rows = std::min(std::max<int64_t>(1, batchSize_ / workers), (rows + workers - 1) / workers),
      .positions = onCpu_ ? kCpuPositions : std::numeric_limits<int64_t>::max()};
}

void RowWorkers::compute(const std::vector<int64_t>& rows,
                         const ResidualGradients& residualGradients, const JobControl& control,
                         const std::function<void(int64_t)>& onBatch) {
  std::vector<PendingRow> pending;
  for (const int64_t row : rows) {
    pending.push_back({row, table_.layerOfRow(row), table_.positionOfRow(row)});
  }
  const auto batches =
      planBatches(std::move(pending), limitsFor(static_cast<int64_t>(rows.size())));
  parallelTasks(static_cast<int64_t>(batches.size()), static_cast<int64_t>(workers_.size()),
                [&](int64_t b, int64_t worker) {
                  control.poll();
                  computeBatch(workers_[worker], batches[b], residualGradients);
                  const std::lock_guard lock(reporting_);
                  onBatch(static_cast<int64_t>(batches[b].size()));
                });
}

void RowWorkers::computeBatch(Worker& worker, const std::vector<PendingRow>& batch,
                              const ResidualGradients& residualGradients) {
  Backward& backward = worker.backward;
  TargetRows targets;
  std::vector<int64_t> rows;
  for (const PendingRow& row : batch) {
    targets.entryLayer.push_back(row.entryLayer);
    targets.position.push_back(row.position);
    rows.push_back(row.index);
  }
  targets.residualGradients = residualGradients(rows).to(backward.local().device());
  const at::Tensor edges = onHost(backward.edgeRows(targets), worker.host);
  const auto byRow = backward.blocks().byRow(edges.const_data_ptr<float>(), batch.size());
  for (size_t r = 0; r < rows.size(); ++r) {
    pollJob();
    table_.fill(rows[r], byRow[r]);
  }
}

}  // namespace circuit_tracer
