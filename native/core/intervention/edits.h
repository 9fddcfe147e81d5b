#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/hook_point.h"

namespace circuit_tracer {

// One feature at one position given another value than its own activation a.
struct FeatureEdit {
  enum class Kind { Set, Scale, Add };  // value, value * a, a + value
  Kind kind = Kind::Set;
  int64_t layer = 0, position = 0, feature = 0;
  float value = 0;

  float newActivation(float own) const {
    if (kind == Kind::Scale) return value * own;
    return kind == Kind::Add ? own + value : value;
  }
};

// A vector added at a hook point.
struct VectorEdit {
  HookName where;
  int64_t position = 0;
  at::Tensor vector;  // as wide as the hook point's last dimension
};

// What a caller of `intervene` decides. The binding fills in every field.
struct Intervention {
  // A later edit of the same feature and position wins.
  std::vector<FeatureEdit> features;
  std::vector<VectorEdit> vectors;
  // Attention patterns of the frozen positions are those of the clean run.
  bool freezeAttention;
  // In constrained layers, the feature outputs of the frozen positions are those of the clean run,
  // plus the change of the skip term, plus the edits. Attention patterns are those of the clean run
  // too, and so are norm scales if all layers are constrained. Edits write to no other layer.
  // Empty: effects propagate.
  std::vector<bool> constrained;  // [nLayers] or empty
  // The first positions of the pass are frozen and constrained; later ones run free.
  int64_t frozenPositions;
  // Positions below this have no feature activations of their own.
  int64_t specialPositions;

  bool isConstrained() const { return !constrained.empty(); }
  bool constrains(int64_t layer) const { return isConstrained() && constrained[layer]; }
  bool constrainsAll() const {
    for (const bool layer : constrained) {
      if (!layer) return false;
    }
    return isConstrained();
  }
};

}  // namespace circuit_tracer
