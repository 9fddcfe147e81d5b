#include <cstring>

#include "features/feature_activations.h"
#include "test/core/check.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer::test {
namespace {

TensorSource inMemory(const char* name, const at::Tensor& tensor) {
  TensorSource source;
  source.name = name;
  source.bytes = at::empty({static_cast<int64_t>(tensor.nbytes())}, at::kByte);
  std::memcpy(source.bytes.data_ptr(), tensor.const_data_ptr(), tensor.nbytes());
  source.shape = tensor.sizes().vec();
  return source;
}

// One layer of three features in a model of width 3: the identity as encoder and as decoder.
TranscoderSet identitySet(FeatureActivation activation, int64_t k) {
  TranscoderSpec spec;
  spec.nLayers = 1;
  spec.dModel = 3;
  spec.nFeatures = {3};
  spec.activation = activation;
  spec.k = k;
  TranscoderLayerSources layer;
  layer.encoder = inMemory("encoder", at::eye(3));
  layer.encoderBias = inMemory("encoder bias", floats({0, 0, 1}, {3}));
  layer.decoder = inMemory("decoder", at::eye(3).view({3, 1, 3}));
  layer.decoderBias = inMemory("decoder bias", floats({10, 20, 30}, {3}));
  if (activation == FeatureActivation::JumpRelu) {
    layer.threshold = inMemory("threshold", floats({2, 2, 2}, {3}));
  }
  return TranscoderSet(spec, {layer}, {at::kFloat, at::kCPU, false, false}, {});
}

const std::vector<float> kInput = {1, 3,  4,  //
                                   5, -6, 1};

void expectActivations(FeatureActivation activation, int64_t k, const std::vector<float>& numbers) {
  const TranscoderSet set = identitySet(activation, k);
  expectClose(set.encodeLayer(0, floats(kInput, {2, 3}), true), floats(numbers, {2, 3}));
}

void activations() {
  expectActivations(FeatureActivation::Relu, 0, {1, 3, 5, 5, 0, 2});
  // Only what is greater than the threshold 2.
  expectActivations(FeatureActivation::JumpRelu, 0, {0, 3, 5, 5, 0, 0});
  // The largest pre-activation of each row.
  expectActivations(FeatureActivation::TopK, 1, {0, 0, 5, 5, 0, 0});
  expectActivations(FeatureActivation::TopKRelu, 2, {0, 3, 5, 5, 0, 2});
}

// The first position has no features.
void sparse() {
  const TranscoderSet set = identitySet(FeatureActivation::Relu, 0);
  const SparseFeatures found = set.encodeSparse({floats(kInput, {2, 3})}, 1, true, {});
  expectEqual(found.position, {1, 1});
  expectEqual(found.feature, {0, 2});
  expectEqual(found.value, {5, 2});
  const auto decoded = set.decode(found, 2, {});
  expectClose(decoded[0], floats({10, 20, 30, 15, 20, 32}, {2, 3}));
}

void layouts() {
  const std::vector<at::Tensor> layers = {floats({0, 7}, {1, 2}), floats({8, 0, 9}, {1, 3})};
  const auto dense = arrangeActivations(layers, FeatureLayout::Dense).dense;
  expectClose(dense, floats({0, 7, 0, 8, 0, 9}, {2, 1, 3}));
  const auto listed = arrangeActivations(layers, FeatureLayout::Sparse).sparse;
  expectEqual(listed.layer, {0, 1, 1});
  expectEqual(listed.feature, {1, 0, 2});
  expectEqual(listed.value, {7, 8, 9});
}

}  // namespace

std::vector<Test> transcoderTests() {
  return {{"ReLU, JumpReLU, TopK and TopK with ReLU keep what they should", activations},
          {"sparse features are encoded and decoded", sparse},
          {"activations of layers are padded when dense and listed when sparse", layouts}};
}

}  // namespace circuit_tracer::test
