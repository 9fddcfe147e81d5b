#include "model/weights.h"

#include "errors.h"
#include "finite.h"

namespace circuit_tracer {
namespace {

class WeightReader {
 public:
  WeightReader(const std::map<std::string, TensorSource>& sources, at::ScalarType dtype,
               at::Device device, bool lazy)
      : sources_(sources), dtype_(dtype), device_(device), lazy_(lazy) {}

  at::Tensor required(const std::string& name, std::vector<int64_t> shape) {
    require(sources_.count(name) > 0, "ERR_WEIGHT", "the weight plan lacks ", name, " ",
            describeShape(shape));
    return optional(name, std::move(shape));
  }

  at::Tensor optional(const std::string& name, std::vector<int64_t> shape) {
    return load(name, shape, dtype_);
  }

  bool areSame(const std::string& one, const std::string& other) const {
    const auto first = sources_.find(one);
    const auto second = sources_.find(other);
    return first != sources_.end() && second != sources_.end() &&
           isSameTensor(first->second, second->second);
  }

  NormWeights norm(const std::string& name, int64_t size, bool hasBias) {
    NormWeights weights;
    require(sources_.count(name + ".w") > 0, "ERR_WEIGHT", "the weight plan lacks ", name, ".w");
    weights.gain = load(name + ".w", {size}, at::kFloat);
    if (hasBias) weights.bias = load(name + ".b", {size}, at::kFloat);
    return weights;
  }

  std::vector<std::pair<std::string, at::Tensor>> unread() { return std::move(unread_); }
  const FileMappings& files() const { return files_; }

 private:
  at::Tensor load(const std::string& name, const std::vector<int64_t>& shape,
                  at::ScalarType dtype) {
    const auto found = sources_.find(name);
    if (found == sources_.end()) return {};
    at::Tensor tensor = placeTensor(found->second, files_, dtype, device_);
    require(tensor.sizes() == at::IntArrayRef(shape), "ERR_WEIGHT", found->second.name, ": found ",
            describeShape(tensor.sizes()), ", expected ", describeShape(shape), " for ", name);
    if (lazy_) {
      unread_.emplace_back(found->second.name, tensor);
    } else {
      requireFiniteWeight(tensor, found->second.name);
    }
    return tensor;
  }

  const std::map<std::string, TensorSource>& sources_;
  FileMappings files_;
  at::ScalarType dtype_;
  at::Device device_;
  bool lazy_;
  std::vector<std::pair<std::string, at::Tensor>> unread_;
};

AttentionWeights loadAttention(const ModelSpec& spec, const std::string& prefix,
                               WeightReader& reader) {
  const int64_t queries = spec.nHeads * spec.dHead;
  const int64_t keys = spec.nKeyValueHeads * spec.dHead;
  AttentionWeights weights;
  weights.queryWeight = reader.required(prefix + "W_Q", {queries, spec.dModel});
  weights.queryBias = reader.optional(prefix + "b_Q", {queries});
  weights.keyWeight = reader.required(prefix + "W_K", {keys, spec.dModel});
  weights.keyBias = reader.optional(prefix + "b_K", {keys});
  weights.valueWeight = reader.required(prefix + "W_V", {keys, spec.dModel});
  weights.valueBias = reader.optional(prefix + "b_V", {keys});
  weights.outWeight = reader.required(prefix + "W_O", {spec.dModel, queries});
  weights.outBias = reader.optional(prefix + "b_O", {spec.dModel});
  if (spec.queryKeyNorm) {
    weights.queryNorm = reader.norm(prefix + "q_norm", spec.dHead, false);
    weights.keyNorm = reader.norm(prefix + "k_norm", spec.dHead, false);
  }
  if (spec.attentionSinks) weights.sinks = reader.required(prefix + "sinks", {spec.nHeads});
  return weights;
}

MlpWeights loadExperts(const ModelSpec& spec, const std::string& prefix, WeightReader& reader) {
  const int64_t experts = spec.nExperts;
  MlpWeights weights;
  weights.routerWeight = reader.required(prefix + "router.W", {experts, spec.dModel});
  weights.routerBias = reader.optional(prefix + "router.b", {experts});
  weights.gateUpWeight =
      reader.required(prefix + "experts.W_gate_up", {experts, 2 * spec.dMlp, spec.dModel});
  weights.gateUpBias = reader.optional(prefix + "experts.b_gate_up", {experts, 2 * spec.dMlp});
  weights.downWeight =
      reader.required(prefix + "experts.W_down", {experts, spec.dModel, spec.dMlp});
  weights.downBias = reader.optional(prefix + "experts.b_down", {experts, spec.dModel});
  return weights;
}

MlpWeights loadMlp(const ModelSpec& spec, const std::string& prefix, WeightReader& reader) {
  if (spec.mlp == MlpKind::Experts) return loadExperts(spec, prefix, reader);
  MlpWeights weights;
  if (spec.mlp == MlpKind::Gated) {
    weights.gateWeight = reader.required(prefix + "W_gate", {spec.dMlp, spec.dModel});
    weights.gateBias = reader.optional(prefix + "b_gate", {spec.dMlp});
  }
  weights.inWeight = reader.required(prefix + "W_in", {spec.dMlp, spec.dModel});
  weights.inBias = reader.optional(prefix + "b_in", {spec.dMlp});
  weights.outWeight = reader.required(prefix + "W_out", {spec.dModel, spec.dMlp});
  weights.outBias = reader.optional(prefix + "b_out", {spec.dModel});
  return weights;
}

BlockWeights loadBlock(const ModelSpec& spec, int64_t layer, WeightReader& reader) {
  const std::string prefix = "blocks." + std::to_string(layer) + ".";
  const bool bias = spec.normalization == Normalization::LayerNorm;
  BlockWeights block;
  block.ln1 = reader.norm(prefix + "ln1", spec.dModel, bias);
  block.ln2 = reader.norm(prefix + "ln2", spec.dModel, bias);
  if (spec.postNorms) {
    block.ln1Post = reader.norm(prefix + "ln1_post", spec.dModel, bias);
    block.ln2Post = reader.norm(prefix + "ln2_post", spec.dModel, bias);
  }
  block.attention = loadAttention(spec, prefix + "attn.", reader);
  block.mlp = loadMlp(spec, prefix + "mlp.", reader);
  return block;
}

ModelWeights loadAll(const ModelSpec& spec, WeightReader& reader, const JobControl& control) {
  ModelWeights weights;
  weights.embedding = reader.required("embed.W_E", {spec.dVocab, spec.dModel});
  if (spec.learnedPositions) {
    weights.positionEmbedding =
        reader.required("pos_embed.W_pos", {spec.maxPositions, spec.dModel});
  }
  for (int64_t layer = 0; layer < spec.nLayers; ++layer) {
    control.report("load model", layer, spec.nLayers);
    weights.blocks.push_back(loadBlock(spec, layer, reader));
  }
  weights.finalNorm =
      reader.norm("ln_final", spec.dModel, spec.normalization == Normalization::LayerNorm);
  // Tied, it is the embedding itself and takes no memory of its own.
  weights.unembedding = reader.areSame("embed.W_E", "unembed.W_U")
                            ? weights.embedding
                            : reader.required("unembed.W_U", {spec.dVocab, spec.dModel});
  weights.unembeddingBias = reader.optional("unembed.b_U", {spec.dVocab});
  weights.unread = reader.unread();
  control.report("load model", spec.nLayers, spec.nLayers);
  weights.files = reader.files().opened();
  return weights;
}

}  // namespace

ModelWeights loadModelWeights(const ModelSpec& spec,
                              const std::map<std::string, TensorSource>& sources,
                              at::ScalarType dtype, at::Device device, bool lazy,
                              const JobControl& control) {
  WeightReader reader(sources, dtype, device, lazy);
  return onUnchanged(reader.files(), [&] { return loadAll(spec, reader, control); });
}

void readWeights(ModelWeights& weights) {
  if (weights.unread.empty()) return;
  for (const auto& [name, tensor] : weights.unread) requireFiniteWeight(tensor, name);
  weights.unread.clear();
}

}  // namespace circuit_tracer
