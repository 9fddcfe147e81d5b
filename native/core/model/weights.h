#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/mapped_file.h"
#include "io/tensor_source.h"
#include "job_control.h"
#include "model/model_spec.h"

namespace circuit_tracer {

// Undefined tensors are weights the model doesn't have. Matrices are [out, in], heads stacked
// head-major, as lib/engine/model-spec.ts lays down. Norm gains and biases are always float32.
struct NormWeights {
  at::Tensor gain, bias;
};

struct AttentionWeights {
  at::Tensor queryWeight, queryBias, keyWeight, keyBias, valueWeight, valueBias;
  at::Tensor outWeight, outBias;
  NormWeights queryNorm, keyNorm;
  at::Tensor sinks;
};

struct MlpWeights {
  at::Tensor gateWeight, gateBias, inWeight, inBias, outWeight, outBias;
  at::Tensor routerWeight, routerBias;
  at::Tensor gateUpWeight, gateUpBias, downWeight, downBias;
};

struct BlockWeights {
  NormWeights ln1, ln1Post, ln2, ln2Post;
  AttentionWeights attention;
  MlpWeights mlp;
};

struct ModelWeights {
  at::Tensor embedding;          // [V, D] unscaled
  at::Tensor positionEmbedding;  // [maxPositions, D]
  std::vector<BlockWeights> blocks;
  NormWeights finalNorm;
  at::Tensor unembedding;      // [V, D]
  at::Tensor unembeddingBias;  // [V]
  // Weights by their names in the file whose numbers nobody has looked at yet.
  std::vector<std::pair<std::string, at::Tensor>> unread;
  WeightFiles files;  // that weights look into
};

// Loads and shape-checks every weight the spec calls for; `lazy`: without reading them, see
// readWeights. Throws CodedError ERR_WEIGHT naming the tensor, the shape found and the shape
// expected, or a tensor with a number that is NaN or infinite.
ModelWeights loadModelWeights(const ModelSpec& spec,
                              const std::map<std::string, TensorSource>& sources,
                              at::ScalarType dtype, at::Device device, bool lazy,
                              const JobControl& control);

// Looks at the weights that are still unread. Throws CodedError ERR_WEIGHT, each time it is called,
// when a number of one is NaN or infinite.
void readWeights(ModelWeights& weights);

}  // namespace circuit_tracer
