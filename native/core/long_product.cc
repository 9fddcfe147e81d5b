#include "long_product.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "job_control.h"

namespace circuit_tracer {
namespace {

// Operations between polls. One thread does 20 to 100 of these blocks a second.
constexpr double kOperations = 2e9;

// Rows and columns of the result that are computed together: all when that isn't long, else a block
// about as wide as high, for which the operands are read least often.
struct BlockShape {
  int64_t rows, columns;
};

BlockShape blockShape(int64_t rows, int64_t columns, int64_t inner) {
  const double numbers = kOperations / (2.0 * static_cast<double>(std::max<int64_t>(inner, 1)));
  if (static_cast<double>(rows) * static_cast<double>(columns) <= numbers) return {rows, columns};
  const auto side = std::max<int64_t>(static_cast<int64_t>(std::sqrt(numbers)), 1);
  const int64_t high = std::min(rows, side);
  const int64_t wide = std::clamp<int64_t>(static_cast<int64_t>(numbers) / high, 1, columns);
  // What a narrow result leaves of the width goes to the height.
  return {std::clamp<int64_t>(static_cast<int64_t>(numbers) / wide, 1, rows), wide};
}

bool isShort(const at::Tensor& a, int64_t columns) {
  const int64_t inner = a.size(-1);
  const int64_t rows = inner == 0 ? 0 : a.numel() / inner;
  const BlockShape shape = blockShape(rows, columns, inner);
  return !a.is_cpu() || (shape.rows == rows && shape.columns == columns);
}

// out = beta * added + a b, where `added` is [N], or as large as out.
void multiplyInto(at::Tensor out, const at::Tensor& added, const at::Tensor& a, const at::Tensor& b,
                  double beta) {
  pollJob();
  const int64_t rows = out.size(0), columns = out.size(1);
  if (isShort(a, columns)) {
    at::addmm_out(out, added, a, b, beta, 1);
    return;
  }
  const BlockShape shape = blockShape(rows, columns, a.size(1));
  for (int64_t row = 0; row < rows; row += shape.rows) {
    const int64_t high = std::min(shape.rows, rows - row);
    for (int64_t column = 0; column < columns; column += shape.columns) {
      const int64_t wide = std::min(shape.columns, columns - column);
      pollJob();
      at::Tensor block = out.narrow(0, row, high).narrow(1, column, wide);
      const at::Tensor base = added.dim() == 1 ? added.narrow(0, column, wide) : block;
      at::addmm_out(block, base, a.narrow(0, row, high), b.narrow(1, column, wide), beta, 1);
    }
  }
}

}  // namespace

at::Tensor longLinear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const int64_t columns = weight.size(0);
  pollJob();
  if (isShort(x, columns)) {
    return at::linear(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
  }
  auto shape = x.sizes().vec();
  shape.back() = columns;
  const at::Tensor flat = x.reshape({-1, x.size(-1)});
  const at::Tensor out = at::empty({flat.size(0), columns}, x.options());
  multiplyInto(out, bias.defined() ? bias : out, flat, weight.t(), bias.defined() ? 1 : 0);
  return out.view(shape);
}

void longAffineInto(at::Tensor out, const at::Tensor& bias, const at::Tensor& a,
                    const at::Tensor& b) {
  multiplyInto(std::move(out), bias, a, b, 1);
}

void longProductInto(at::Tensor out, const at::Tensor& a, const at::Tensor& b, double beta) {
  multiplyInto(out, out, a, b, beta);
}

void longBatchProductInto(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  const int64_t batches = out.size(0);
  const double operations = 2.0 * static_cast<double>(a.numel()) * static_cast<double>(b.size(2));
  const double share = operations > 0 ? kOperations / operations : 1;
  const int64_t together =
      out.is_cpu() && share < 1
          ? std::max<int64_t>(static_cast<int64_t>(share * static_cast<double>(batches)), 1)
          : batches;
  for (int64_t begin = 0; begin < batches; begin += together) {
    pollJob();
    const int64_t end = std::min(begin + together, batches);
    at::Tensor part = out.slice(0, begin, end);
    at::bmm_out(part, a.slice(0, begin, end), b.slice(0, begin, end));
  }
}

}  // namespace circuit_tracer
