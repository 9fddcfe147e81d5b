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

// Compute edge rows into a table, batches side by side: on the CPU one on each thread of tensor
// arithmetic, so that no product waits for another thread; on a CUDA device two, so that it
// computes one while the edges of the other go into the table; on any other device one at a time.
class RowWorkers {
 public:
  // Read vectors [count, D] of rows of the table.
  using ReadVectors = std::function<at::Tensor(const std::vector<int64_t>& rows)>;

  // A local model for each device that takes part; they must outlive the workers. batchSize: rows
  // at once, on the threads of the CPU together and on each other device.
  RowWorkers(const std::vector<LocalModel>& replicas, int64_t batchSize, EdgeTable& table);

  // `onBatch` is told, by one thread at a time, how many more rows are done. Which rows share a
  // batch depends on the kind of devices, not on how many there are, and so do the rows' last bits.
  // Throws CodedError ERR_NUMERIC, ABORT_ERR.
  void compute(const std::vector<int64_t>& rows, const ReadVectors& readVectors,
               const JobControl& control, const std::function<void(int64_t)>& onBatch);

 private:
  BatchLimits limitsFor(int64_t rows) const;
  struct Worker {
    explicit Worker(const LocalModel& local) : backward(local) {}
    Backward backward;
    at::Tensor host;  // page-locked memory for edges of another device
  };
  void computeBatch(Worker& worker, const std::vector<PendingRow>& batch,
                    const ReadVectors& readVectors);

  int64_t batchSize_;
  EdgeTable& table_;
  bool onCpu_ = false;
  std::vector<Worker> workers_;
  std::mutex reporting_;
};

}  // namespace circuit_tracer
