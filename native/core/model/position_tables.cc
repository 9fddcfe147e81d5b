#include "model/position_tables.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "job_control.h"
#include "long_copy.h"

namespace circuit_tracer {
namespace {

// One result per key, computed once for keys that are equal.
template <typename Result, typename Key, typename Compute>
std::vector<Result> forEqualKeys(const std::vector<Key>& keys, const Compute& compute) {
  std::vector<Result> out;
  for (const Key& key : keys) {
    const auto first = std::find(keys.begin(), keys.end(), key) - keys.begin();
    const bool isNew = first == static_cast<int64_t>(out.size());
    out.push_back(isNew ? compute(key) : out[first]);
  }
  return out;
}

// window: keys that a query sees, itself included; 0: all. Some queries at a time.
at::Tensor hiddenKeysOf(int64_t past, int64_t n, int64_t window, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const at::Tensor keys = at::arange(past + n, options).unsqueeze(0);  // [1, keys]
  at::Tensor hidden = at::empty({n, past + n}, options.dtype(at::kBool));
  const int64_t together = polledRows(past + n);
  for (int64_t begin = 0; begin < n; begin += together) {
    pollJob();
    const int64_t end = std::min(begin + together, n);
    const at::Tensor queries = at::arange(past + begin, past + end, options).unsqueeze(1);
    const at::Tensor distance = queries - keys;  // [end - begin, keys]
    at::Tensor rows = hidden.slice(0, begin, end);
    rows.copy_(distance < 0);
    if (window > 0) rows.logical_or_(distance >= window);
  }
  return hidden;
}

}  // namespace

Rotation rotationAt(const RotaryTable& table, const at::Tensor& positions, at::ScalarType dtype) {
  const at::Tensor frequencies =
      at::tensor(table.frequencies, at::kDouble).to(positions.device(), at::kFloat);
  const at::Tensor angles =  // [n, pairs]
      positions.to(at::kFloat).unsqueeze(1) * frequencies.unsqueeze(0);
  return {(angles.cos() * table.attentionFactor).to(dtype),
          (angles.sin() * table.attentionFactor).to(dtype)};
}

at::Tensor rotate(const at::Tensor& x, const Rotation& rotation) {
  const int64_t pairs = rotation.cos.size(-1);
  const at::Tensor cos = rotation.cos.unsqueeze(1);  // [n, 1, pairs]
  const at::Tensor sin = rotation.sin.unsqueeze(1);
  const at::Tensor a = x.slice(-1, 0, pairs);
  const at::Tensor b = x.slice(-1, pairs, 2 * pairs);
  const at::Tensor rest = x.slice(-1, 2 * pairs);
  return at::cat({a * cos - b * sin, b * cos + a * sin, rest}, -1);
}

PositionTables::PositionTables(const ModelSpec& spec, int64_t past, int64_t n,
                               const at::TensorOptions& options) {
  if (spec.learnedPositions) {
    rotations_.resize(spec.nLayers);
  } else {
    const at::Tensor positions = at::arange(past, past + n, options.dtype(at::kLong));
    const at::ScalarType dtype = c10::typeMetaToScalarType(options.dtype());
    rotations_ = forEqualKeys<Rotation>(
        spec.rotary, [&](const RotaryTable& table) { return rotationAt(table, positions, dtype); });
  }
  hiddenKeys_ = forEqualKeys<at::Tensor>(spec.slidingWindow, [&](int64_t window) {
    return hiddenKeysOf(past, n, window, options.device());
  });
}

}  // namespace circuit_tracer
