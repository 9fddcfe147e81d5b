#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "io/mapped_file.h"

namespace circuit_tracer {

// Moves weights out of the way for the rest of a computation and puts them back when it ends,
// however it ends. To the CPU's memory, or to files in a folder, from where they are read through a
// memory map. What is on the CPU already needn't be moved there, nor mapped weights to disk: these
// let go of their pages.
class Offload {
 public:
  // `where`: "" leaves everything in place, "cpu", or a folder for temporary files.
  explicit Offload(std::string where) : where_(std::move(where)) {}
  ~Offload();
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;

  // Undefined tensors and nullptr are skipped. Throws CodedError ERR_FILE_WRITE.
  void park(const std::vector<at::Tensor*>& tensors);
  // Throws CodedError ERR_FILE_CHANGED when a file that weights were moved to was written to.
  void requireUnchanged() const { files_.requireUnchanged(); }

 private:
  struct Parked {
    std::vector<at::Tensor*> places;  // more than one for tied weights
    at::Device device;
    std::string file;  // empty when in memory
  };

  void parkOne(const std::vector<at::Tensor*>& places);
  at::Tensor writeToDisk(const at::Tensor& tensor, const std::string& file);

  std::string where_;
  WeightFiles files_;
  std::vector<Parked> parked_;
};

}  // namespace circuit_tracer
