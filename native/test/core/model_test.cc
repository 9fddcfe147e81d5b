#include <ATen/TensorOperators.h>

#include <numbers>

#include "attribution/local_model/norm_adjoint.h"
#include "model/norm.h"
#include "model/position_tables.h"
#include "test/core/check.h"

namespace circuit_tracer::test {
namespace {

// x = (3, 4): mean square 12.5.
void rmsNorm() {
  const NormWeights weights{.gain = floats({2, 1}, {2}), .bias = {}};
  at::Tensor scale;
  NormHooks hooks;
  hooks.scale = [&](at::Tensor s) { return scale = s; };
  const at::Tensor y =
      applyNorm(Normalization::RmsNorm, 3.5, weights, floats({3, 4}, {1, 2}), hooks);
  expectClose(scale, floats({4}, {1, 1}));  // sqrt(12.5 + 3.5)
  expectClose(y, floats({1.5, 1}, {1, 2}));
}

// x = (1, 3): mean 2, deviations (-1, 1).
void layerNorm() {
  const NormWeights weights{.gain = floats({4, 4}, {2}), .bias = floats({0, 1}, {2})};
  const at::Tensor y = applyNorm(Normalization::LayerNorm, 3, weights, floats({1, 3}, {1, 2}), {});
  expectClose(y, floats({-2, 3}, {1, 2}));  // scale sqrt(1 + 3)
}

// <throughNorm(g), v> = <g, adjointThroughNorm(v)>
void normAdjoint() {
  const at::Tensor gain = floats({1, 2, 3}, {3});
  const at::Tensor g = floats({1, -1, 2}, {1, 3}), v = floats({0.5, 2, -1}, {1, 3});
  for (const auto kind : {Normalization::RmsNorm, Normalization::LayerNorm}) {
    expectClose((throughNorm(kind, gain, g) * v).sum(),
                (g * adjointThroughNorm(kind, gain, v)).sum());
  }
}

ModelSpec twoLayers() {
  ModelSpec spec;
  spec.nLayers = 2;
  spec.rotary = {{.frequencies = {std::numbers::pi / 2}, .attentionFactor = 1},
                 {.frequencies = {std::numbers::pi}, .attentionFactor = 2}};
  spec.slidingWindow = {0, 2};
  return spec;
}

// Queries at positions 1 .. 3, keys at 0 .. 3.
void attentionMask() {
  const PositionTables tables(twoLayers(), 1, 3, at::TensorOptions(at::kFloat));
  expectClose(tables.hiddenKeys(0), floats({0, 0, 1, 1,  //
                                            0, 0, 0, 1,  //
                                            0, 0, 0, 0},
                                           {3, 4}));
  // A window of two: the query's own key and the one before it.
  expectClose(tables.hiddenKeys(1), floats({0, 0, 1, 1,  //
                                            1, 0, 0, 1,  //
                                            1, 1, 0, 0},
                                           {3, 4}));
}

// A quarter turn per position in layer 0; half a turn, twice as long, in layer 1.
void rotation() {
  const PositionTables tables(twoLayers(), 1, 1, at::TensorOptions(at::kFloat));
  const at::Tensor x = floats({1, 0, 7}, {1, 1, 3});  // the third dimension is not rotated
  expectClose(rotate(x, tables.rotation(0)), floats({0, 1, 7}, {1, 1, 3}));
  expectClose(rotate(x, tables.rotation(1)), floats({-2, 0, 7}, {1, 1, 3}));
}

}  // namespace

std::vector<Test> modelTests() {
  return {{"an RMS norm divides by its scale and multiplies by its gain", rmsNorm},
          {"a LayerNorm subtracts the mean and adds its bias", layerNorm},
          {"a norm's adjoint moves a vector to the other side of its inner product", normAdjoint},
          {"queries see no later keys, and none behind their window", attentionMask},
          {"each layer rotates by its own table", rotation}};
}

}  // namespace circuit_tracer::test
