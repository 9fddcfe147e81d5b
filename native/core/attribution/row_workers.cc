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

}  // namespace

RowWorkers::RowWorkers(const std::vector<LocalModel>& replicas, int64_t batchSize, EdgeTable& table)
    : batchSize_(batchSize), table_(table) {
  std::vector<const LocalModel*> onCpu;
  for (const LocalModel& local : replicas) {
    if (local.device().is_cpu()) {
      onCpu.push_back(&local);
    } else {
      backward_.emplace_back(local);
    }
  }
  onCpu_ = !onCpu.empty();
  if (!onCpu_) return;
  const size_t workers = std::max<size_t>(at::get_num_threads(), onCpu.size());
  for (size_t w = 0; w < workers; ++w) backward_.emplace_back(*onCpu[w % onCpu.size()]);
}

BatchLimits RowWorkers::limitsFor(int64_t rows) const {
  const bool crossLayer = backward_.front().local().crossLayer;
  BatchLimits limits = !onCpu_ ? kGpuLimits : crossLayer ? kCpuCrossLayerLimits : kCpuLimits;
  const int64_t threads = onCpu_ ? at::get_num_threads() : 1;
  limits.rows =
      std::min(std::max<int64_t>(1, batchSize_ / threads), (rows + threads - 1) / threads);
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
  parallelTasks(static_cast<int64_t>(batches.size()), static_cast<int64_t>(backward_.size()),
                [&](int64_t b, int64_t worker) {
                  control.poll();
                  computeBatch(backward_[worker], batches[b], readVectors);
                  const std::lock_guard lock(reporting_);
                  onBatch(static_cast<int64_t>(batches[b].size()));
                });
}

void RowWorkers::computeBatch(Backward& backward, const std::vector<PendingRow>& batch,
                              const ReadVectors& readVectors) {
  TargetRows targets;
  std::vector<int64_t> rows;
  for (const PendingRow& row : batch) {
    targets.entryLayer.push_back(row.entryLayer);
    targets.position.push_back(row.position);
    rows.push_back(row.index);
  }
  targets.vectors = readVectors(rows).to(backward.local().device());
  const at::Tensor edges = backward.edgeRows(targets).to(at::kCPU);
  const float* working = edges.const_data_ptr<float>();
  const WorkingColumns columns = backward.columns();
  for (size_t r = 0; r < rows.size(); ++r) {
    table_.fill(rows[r], working + r * columns.total(), columns);
  }
}

}  // namespace circuit_tracer
