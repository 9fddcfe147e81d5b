#include "finite.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "errors.h"
#include "job_control.h"

namespace circuit_tracer {

namespace {

// Numbers looked at together.
constexpr int64_t kSlabNumbers = int64_t{1} << 18;

// An exponent of all ones is infinity or not a number. Looking at the bits takes no copy as
// float32, as sums of narrow numbers do.
template <class Bits>
bool exponentsAreFinite(const void* numbers, int64_t count, Bits exponent) {
  const auto* bits = static_cast<const Bits*>(numbers);
  bool finite = true;
  for (int64_t i = 0; i < count; ++i) finite &= (bits[i] & exponent) != exponent;
  return finite;
}

bool slabIsFinite(const void* numbers, int64_t count, at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return exponentsAreFinite<uint32_t>(numbers, count, 0x7f800000);
    case at::kBFloat16:
      return exponentsAreFinite<uint16_t>(numbers, count, 0x7f80);
    default:
      return exponentsAreFinite<uint16_t>(numbers, count, 0x7c00);
  }
}

bool hasKnownBits(at::ScalarType dtype) {
  return dtype == at::kFloat || dtype == at::kBFloat16 || dtype == at::kHalf;
}

bool allFinite(const at::Tensor& values) {
  const at::ScalarType dtype = values.scalar_type();
  if (!values.is_cpu() || !values.is_non_overlapping_and_dense() || !hasKnownBits(dtype)) {
    // A finite sum proves all elements finite without a mask; only overflow or a real NaN needs the
    // second look.
    return std::isfinite(values.sum(at::kFloat).item<double>()) ||
           at::isfinite(values).all().item<bool>();
  }
  const auto* numbers = static_cast<const uint8_t*>(values.const_data_ptr());
  const int64_t size = static_cast<int64_t>(values.element_size());
  std::atomic<bool> finite{true};
  const CurrentJob job;
  // Each thread looks at slabs of its own: it also waits for the pages of its own only.
  at::parallel_for(0, values.numel(), kSlabNumbers, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end && finite; i += kSlabNumbers) {
      job.poll();
      const int64_t count = std::min(kSlabNumbers, end - i);
      if (!slabIsFinite(numbers + i * size, count, dtype)) finite = false;
    }
  });
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

void requireSameInfinities(const at::Tensor& stored, const at::Tensor& values,
                           const std::string& name) {
  require(!at::isnan(values).any().item<bool>(), "ERR_WEIGHT", name,
          ": holds NaN; the file is damaged. Fetch or export it again");
  const at::Tensor before = at::isinf(stored), after = at::isinf(values).to(stored.device());
  require(before.equal(after), "ERR_WEIGHT", name,
          ": holds numbers that don't fit the dtype asked for (try float32)");
}

}  // namespace circuit_tracer
