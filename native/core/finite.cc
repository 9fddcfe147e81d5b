#include "finite.h"

#include <ATen/Functions.h>

#include <cmath>

#include "errors.h"

namespace circuit_tracer {

void requireFinite(const at::Tensor& values, const std::string& what) {
  // A finite sum proves all elements finite in one pass without a mask; only overflow or a real
  // NaN needs the second look.
  if (std::isfinite(values.sum().item<double>())) return;
  require(at::isfinite(values).all().item<bool>(), "ERR_NUMERIC", what,
          " holds NaN or infinite numbers: a weight is damaged, or the dtype's range is too small "
          "for this model (try float32)");
}

}  // namespace circuit_tracer
