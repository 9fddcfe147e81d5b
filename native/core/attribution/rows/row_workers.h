#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "attribution/edges/edge_table.h"
#include "attribution/rows/backward.h"
#include "attribution/rows/row_batches.h"
#include "job_control.h"

namespace circuit_tracer {

// Compute edge rows into a table, several batches at once. On the CPU each thread has a batch of
// its own, so that no product waits for another thread. A CUDA device has two: it computes one
// while the edges of the other go into the table. Any other device has one.
class RowWorkers {
 public:
  // Gradients [count, D] of rows of the table at the residual stream.
  using ResidualGradients = std::function<at::Tensor(const std::vector<int64_t>& rows)>;

  // A local model for each device that takes part; they must outlive the workers. batchSize: rows
  // at once, on the threads of the CPU together and on each other device.
  RowWorkers(const std::vector<LocalModel>& replicas, int64_t batchSize, EdgeTable& table);

  // onBatch(count) is called by one thread at a time when `count` more rows are done. Which rows
  // share a batch, and so their last bits, depends on the kind of devices but not on their number.
  // Throws CodedError ERR_NUMERIC, ABORT_ERR.
  void compute(const std::vector<int64_t>& rows, const ResidualGradients& residualGradients,
               const JobControl& control, const std::function<void(int64_t)>& onBatch);

 private:
  BatchLimits limitsFor(int64_t rows) const;
  struct Worker {
    explicit Worker(const LocalModel& local) : backward(local) {}
    Backward backward;
    at::Tensor host;  // page-locked memory for edges of another device
  };
  void computeBatch(Worker& worker, const std::vector<PendingRow>& batch,
                    const ResidualGradients& residualGradients);

  int64_t batchSize_;
  EdgeTable& table_;
  bool onCpu_ = false;
  std::vector<Worker> workers_;
  std::mutex reporting_;
};

}  // namespace circuit_tracer
