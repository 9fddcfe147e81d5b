#pragma once

#include <ATen/core/Tensor.h>

#include "model/hook_point.h"
#include "model/key_value_cache.h"
#include "model/model_spec.h"
#include "model/position_tables.h"
#include "model/weights.h"

namespace circuit_tracer {

// Grouped-query attention of one layer over x [..., n, D]: [..., n, D] before any post norm. With a
// cache (x [n, D] only), x continues after the cached positions and is appended to them.
at::Tensor attend(const ModelSpec& spec, const AttentionWeights& weights,
                  const PositionTables& positions, const at::Tensor& x, const LayerHook& hook,
                  KeyValueCache* cache);

}  // namespace circuit_tracer
