#include "finite.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "errors.h"

namespace circuit_tracer {

namespace {

// Numbers looked at together. LibTorch copies narrow ones to float32 for it: copies as large as
// weights would leave holes as large between them in the heap.
constexpr int64_t kSlabNumbers = int64_t{1} << 18;

bool slabFinite(const at::Tensor& values) {
  // A finite sum proves all elements finite in one pass without a mask; only overflow or a real
  // NaN needs the second look.
  if (std::isfinite(values.sum(at::kFloat).item<double>())) return true;
  return at::isfinite(values).all().item<bool>();
}

bool allFinite(const at::Tensor& values) {
  if (values.numel() <= kSlabNumbers) return slabFinite(values);
  const int64_t rows = std::max<int64_t>(kSlabNumbers * values.size(0) / values.numel(), 1);
  const std::vector<at::Tensor> slabs = values.split(rows);
  std::atomic<bool> finite{true};
  const auto check = [&](int64_t begin, int64_t end) {
    const at::NoGradGuard noGrad;
    for (int64_t i = begin; i < end && finite; ++i) {
      if (!slabFinite(slabs[i])) finite = false;
    }
  };
  // Each thread looks at slabs of its own: it also waits for the pages of its own only.
  const int64_t count = static_cast<int64_t>(slabs.size());
  if (values.is_cpu()) {
    at::parallel_for(0, count, 1, check);
  } else {
    check(0, count);
  }
  return finite;
}

void requireFiniteNumbers(bool finite, const std::string& what) {
  require(finite, "ERR_NUMERIC", what,
          " holds NaN or infinite numbers: a weight is damaged, or the dtype's range is too small "
          "for this model (try float32)");
}

}  // namespace

void requireFinite(const at::Tensor& values, const std::string& what) {
  requireFiniteNumbers(allFinite(values), what);
}

void requireFinite(double absoluteSum, const std::string& what) {
  requireFiniteNumbers(std::isfinite(absoluteSum), what);
}

void requireFiniteWeight(const at::Tensor& values, const std::string& name) {
  require(
      allFinite(values), "ERR_WEIGHT", name,
      ": holds NaN or infinite numbers; the file is damaged, or its numbers don't fit the dtype "
      "asked for (try float32). Fetch or export it again");
}

}  // namespace circuit_tracer
