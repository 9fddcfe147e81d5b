#include "binding/convert.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace circuit_tracer {
namespace {

[[noreturn]] void refuse(Napi::Env env, const std::string& what) {
  throw Napi::TypeError::New(env, "native binding: " + what);
}

// What a value is, as an error says it: "undefined", "null", "array", "Uint8Array", "string", …
std::string describe(const Napi::Value& value) {
  if (value.IsUndefined()) return "undefined";
  if (value.IsNull()) return "null";
  if (value.IsBoolean()) return "boolean";
  if (value.IsNumber()) return "number";
  if (value.IsString()) return "string";
  if (value.IsFunction()) return "function";
  if (value.IsArray()) return "array";
  if (value.IsObject()) {
    const Napi::Value maker = value.As<Napi::Object>().Get("constructor");
    if (maker.IsFunction()) return maker.As<Napi::Object>().Get("name").ToString();
  }
  return "object";
}

void requireKind(bool holds, const Napi::Value& value, const std::string& name,
                 const char* expected) {
  if (!holds) {
    refuse(value.Env(), name + " must be " + expected + "; found " + describe(value) +
                            ". Rebuild so that dist/ and the addon are of one version.");
  }
}

std::string text(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  requireKind(value.IsString(), value, name, "a string");
  return value.As<Napi::String>();
}

double number(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  requireKind(value.IsNumber(), value, name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t integer(const Napi::Object& object, const char* name) {
  return static_cast<int64_t>(number(object, name));
}

Napi::Array toArray(const Napi::Value& value, const std::string& name) {
  requireKind(value.IsArray(), value, name, "an array");
  return value.As<Napi::Array>();
}

Napi::Array array(const Napi::Object& object, const char* name) {
  return toArray(object.Get(name), name);
}

bool isTypedArray(const Napi::Value& value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

std::vector<double> numbers(const Napi::Array& values) {
  std::vector<double> out(values.Length());
  for (uint32_t i = 0; i < values.Length(); ++i) {
    out[i] = values.Get(i).As<Napi::Number>().DoubleValue();
  }
  return out;
}

std::vector<int64_t> integers(const Napi::Array& values) {
  const auto doubles = numbers(values);
  return {doubles.begin(), doubles.end()};
}

template <typename T>
T oneOf(Napi::Env env, const std::string& value, const char* name,
        const std::map<std::string, T>& choices) {
  const auto found = choices.find(value);
  if (found == choices.end()) refuse(env, std::string(name) + " can't be '" + value + "'");
  return found->second;
}

template <typename T>
T oneOf(const Napi::Object& object, const char* name, const std::map<std::string, T>& choices) {
  return oneOf(object.Env(), text(object, name), name, choices);
}

ViewStep toViewStep(const Napi::Object& step) {
  const std::string op = text(step, "op");
  if (op == "reshape") return {ViewStep::Kind::Reshape, integers(array(step, "shape"))};
  if (op == "permute") return {ViewStep::Kind::Permute, integers(array(step, "dims"))};
  if (op == "slice") {
    return {ViewStep::Kind::Slice,
            {integer(step, "dim"), integer(step, "start"), integer(step, "stop")}};
  }
  if (op == "select") {
    return {ViewStep::Kind::Select, {integer(step, "dim"), integer(step, "index")}};
  }
  refuse(step.Env(), "unknown view step " + op);
}

at::Tensor copyBytes(const Napi::Uint8Array& data) {
  at::Tensor bytes = at::empty({static_cast<int64_t>(data.ByteLength())}, at::kByte);
  std::memcpy(bytes.data_ptr(), data.Data(), data.ByteLength());
  return bytes;
}

HookPoint toHookPoint(const Napi::Object& spec, const char* name) {
  return oneOf<HookPoint>(spec, name,
                          {{"hook_resid_mid", HookPoint::ResidMid},
                           {"ln2.hook_normalized", HookPoint::Ln2Normalized},
                           {"mlp.hook_in", HookPoint::MlpIn},
                           {"mlp.hook_out", HookPoint::RawMlpOut},
                           {"hook_mlp_out", HookPoint::MlpOut}});
}

at::Tensor copyFloats(const Napi::Float32Array& values) {
  return borrowFloats(values, {static_cast<int64_t>(values.ElementLength())}).clone();
}

FeatureEdit toFeatureEdit(const Napi::Object& edit) {
  FeatureEdit out;
  out.kind = oneOf<FeatureEdit::Kind>(edit, "kind",
                                      {{"set", FeatureEdit::Kind::Set},
                                       {"scale", FeatureEdit::Kind::Scale},
                                       {"add", FeatureEdit::Kind::Add}});
  out.layer = integer(edit, "layer");
  out.position = integer(edit, "position");
  out.feature = integer(edit, "feature");
  out.value = static_cast<float>(number(edit, "value"));
  return out;
}

TargetRequest toTargetRequest(const Napi::Object& target) {
  using Kind = TargetRequest::Kind;
  TargetRequest out;
  out.kind = oneOf<Kind>(
      target, "kind",
      {{"token", Kind::Token}, {"direction", Kind::Direction}, {"feature", Kind::Feature}});
  out.position = integer(target, "position");
  if (target.Get("weight").IsNumber()) out.weight = static_cast<float>(number(target, "weight"));
  if (out.kind == Kind::Token) out.tokenId = integer(target, "tokenId");
  if (out.kind == Kind::Direction) {
    out.direction = copyFloats(toFloats(target.Get("vector"), "vector"));
  }
  if (out.kind == Kind::Feature) {
    out.layer = integer(target, "layer");
    out.feature = integer(target, "feature");
  }
  return out;
}

TranscoderLayerSources toLayerSources(const Napi::Object& layer) {
  const auto source = [&](const char* name) {
    return toTensorSource(layer.Get(name).As<Napi::Object>());
  };
  TranscoderLayerSources out;
  out.encoder = source("encoder");
  out.encoderBias = source("encoderBias");
  out.decoder = source("decoder");
  out.decoderBias = source("decoderBias");
  if (layer.Get("threshold").IsObject()) out.threshold = source("threshold");
  if (layer.Get("skip").IsObject()) out.skip = source("skip");
  return out;
}

RowBlocks toRowBlocks(const Napi::Array& blocks, int64_t nRows, int64_t columns) {
  RowBlocks out;
  out.columns = columns;
  int64_t rows = 0;
  for (uint32_t i = 0; i < blocks.Length(); ++i) {
    const auto block = toFloats(blocks.Get(i), "a block of edges");
    const auto length = static_cast<int64_t>(block.ElementLength());
    if (i == 0) out.rowsPerBlock = std::max<int64_t>(1, length / columns);
    const int64_t expected = std::min(out.rowsPerBlock, nRows - rows) * columns;
    if (length != expected) {
      refuse(blocks.Env(), "edges must be blocks of whole rows: block " + std::to_string(i) +
                               " must hold " + std::to_string(expected) + " numbers; found " +
                               std::to_string(length));
    }
    out.blocks.push_back(block.Data());
    rows += length / columns;
  }
  if (rows != nRows) {
    refuse(blocks.Env(), "edges must hold S + K = " + std::to_string(nRows) + " rows; found " +
                             std::to_string(rows));
  }
  return out;
}

}  // namespace

bool toFlag(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  requireKind(value.IsBoolean(), value, name, "true or false");
  return value.As<Napi::Boolean>();
}

TensorSource toTensorSource(const Napi::Object& source) {
  static const std::map<std::string, at::ScalarType> dtypes = {{"float64", at::kDouble},
                                                               {"float32", at::kFloat},
                                                               {"float16", at::kHalf},
                                                               {"bfloat16", at::kBFloat16},
                                                               {"uint8", at::kByte}};
  TensorSource out;
  out.name = text(source, "name");
  out.offset = integer(source, "offset");
  out.dtype = oneOf(source, "dtype", dtypes);
  out.shape = integers(array(source, "shape"));
  if (source.Get("file").IsString()) out.file = text(source, "file");
  if (source.Get("data").IsTypedArray()) {
    out.bytes = copyBytes(source.Get("data").As<Napi::Uint8Array>());
  }
  const Napi::Array view = array(source, "view");
  for (uint32_t i = 0; i < view.Length(); ++i) {
    out.view.push_back(toViewStep(view.Get(i).As<Napi::Object>()));
  }
  if (source.Get("add").IsNumber()) out.add = number(source, "add");
  out.mayBeInfinite = source.Get("mayBeInfinite").ToBoolean();
  if (source.Get("scales").IsObject()) {
    out.scales =
        std::make_shared<TensorSource>(toTensorSource(source.Get("scales").As<Napi::Object>()));
  }
  return out;
}

ModelSpec toModelSpec(const Napi::Object& spec) {
  ModelSpec out;
  out.family = text(spec, "family");
  out.nLayers = integer(spec, "nLayers");
  out.dModel = integer(spec, "dModel");
  out.nHeads = integer(spec, "nHeads");
  out.nKeyValueHeads = integer(spec, "nKeyValueHeads");
  out.dHead = integer(spec, "dHead");
  out.dMlp = integer(spec, "dMlp");
  out.dVocab = integer(spec, "dVocab");
  out.maxPositions = integer(spec, "maxPositions");
  out.normalization = oneOf<Normalization>(
      spec, "normalization",
      {{"layerNorm", Normalization::LayerNorm}, {"rmsNorm", Normalization::RmsNorm}});
  out.normEpsilon = number(spec, "normEpsilon");
  out.postNorms = toFlag(spec, "postNorms");
  out.queryKeyNorm = toFlag(spec, "queryKeyNorm");
  out.parallelBlocks = toFlag(spec, "parallelBlocks");
  out.learnedPositions =
      oneOf<bool>(spec, "positionEmbedding", {{"learned", true}, {"rotary", false}});
  const Napi::Array rotary = array(spec, "rotary");
  for (uint32_t i = 0; i < rotary.Length(); ++i) {
    const Napi::Object table = rotary.Get(i).As<Napi::Object>();
    out.rotary.push_back({numbers(array(table, "frequencies")), number(table, "attentionFactor")});
  }
  out.attentionScale = numbers(array(spec, "attentionScale"));
  out.attentionSoftcap = number(spec, "attentionSoftcap");
  out.slidingWindow = integers(array(spec, "slidingWindow"));
  out.attentionSinks = toFlag(spec, "attentionSinks");
  out.mlp = oneOf<MlpKind>(
      spec, "mlp",
      {{"plain", MlpKind::Plain}, {"gated", MlpKind::Gated}, {"experts", MlpKind::Experts}});
  out.activation = oneOf<Activation>(spec, "activation",
                                     {{"gelu", Activation::Gelu},
                                      {"geluTanh", Activation::GeluTanh},
                                      {"silu", Activation::Silu},
                                      {"relu", Activation::Relu},
                                      {"gptOssGlu", Activation::GptOssGlu}});
  out.nExperts = integer(spec, "nExperts");
  out.nExpertsPerToken = integer(spec, "nExpertsPerToken");
  out.embeddingScale = number(spec, "embeddingScale");
  out.logitSoftcap = number(spec, "logitSoftcap");
  return out;
}

std::map<std::string, TensorSource> toTensorSources(const Napi::Object& weights) {
  std::map<std::string, TensorSource> out;
  const Napi::Array names = weights.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).As<Napi::String>();
    out.emplace(name, toTensorSource(weights.Get(name).As<Napi::Object>()));
  }
  return out;
}

TranscoderSpec toTranscoderSpec(const Napi::Object& spec) {
  TranscoderSpec out;
  out.crossLayer = oneOf<bool>(spec, "kind", {{"crossLayer", true}, {"perLayer", false}});
  out.nLayers = integer(spec, "nLayers");
  out.dModel = integer(spec, "dModel");
  out.nFeatures = integers(array(spec, "nFeatures"));
  out.inputHook = toHookPoint(spec, "featureInputHook");
  out.outputHook = toHookPoint(spec, "featureOutputHook");
  out.activation = oneOf<FeatureActivation>(spec, "activation",
                                            {{"relu", FeatureActivation::Relu},
                                             {"jumprelu", FeatureActivation::JumpRelu},
                                             {"topk", FeatureActivation::TopK},
                                             {"topk_relu", FeatureActivation::TopKRelu}});
  out.k = integer(spec, "k");
  return out;
}

std::vector<TranscoderLayerSources> toTranscoderSources(const Napi::Array& layers) {
  std::vector<TranscoderLayerSources> out;
  for (uint32_t l = 0; l < layers.Length(); ++l) {
    out.push_back(toLayerSources(layers.Get(l).As<Napi::Object>()));
  }
  return out;
}

Intervention toIntervention(const Napi::Object& intervention, int64_t nLayers) {
  std::vector<FeatureEdit> features;
  const Napi::Array listedFeatures = array(intervention, "features");
  for (uint32_t i = 0; i < listedFeatures.Length(); ++i) {
    features.push_back(toFeatureEdit(listedFeatures.Get(i).As<Napi::Object>()));
  }
  std::vector<VectorEdit> vectors;
  const Napi::Array listedVectors = array(intervention, "vectors");
  for (uint32_t i = 0; i < listedVectors.Length(); ++i) {
    const Napi::Object edit = listedVectors.Get(i).As<Napi::Object>();
    vectors.push_back({parseHookName(text(edit, "hookName")), integer(edit, "position"),
                       copyFloats(toFloats(edit.Get("vector"), "vector"))});
  }
  std::vector<bool> constrained;
  const auto layers = integers(array(intervention, "constrainedLayers"));
  if (!layers.empty()) constrained.assign(nLayers, false);
  for (const int64_t layer : layers) constrained.at(layer) = true;
  return {.features = std::move(features),
          .vectors = std::move(vectors),
          .freezeAttention = toFlag(intervention, "freezeAttention"),
          .constrained = std::move(constrained),
          .frozenPositions = integer(intervention, "frozenPositions"),
          .specialPositions = integer(intervention, "specialPositions")};
}

AttributeOptions toAttributeOptions(const Napi::Object& options) {
  std::vector<TargetRequest> targets;
  const Napi::Array listed = array(options, "targets");
  for (uint32_t i = 0; i < listed.Length(); ++i) {
    targets.push_back(toTargetRequest(listed.Get(i).As<Napi::Object>()));
  }
  std::vector<at::Device> devices;
  for (const std::string& name : toStrings(options.Get("devices"), "devices")) {
    devices.push_back(toDevice(name));
  }
  std::optional<int64_t> maxFeatureNodes;
  if (std::isfinite(number(options, "maxFeatureNodes"))) {
    maxFeatureNodes = integer(options, "maxFeatureNodes");
  }
  return {.tokens = toInts(options.Get("tokens"), "tokens"),
          .specialPositions = integer(options, "specialPositions"),
          .targets = std::move(targets),
          .maxNLogits = integer(options, "maxNLogits"),
          .desiredLogitProb = number(options, "desiredLogitProb"),
          .batchSize = integer(options, "batchSize"),
          .maxFeatureNodes = maxFeatureNodes,
          .updateIntervalRows = integer(options, "rankEvery"),
          .offload = text(options, "offload"),
          .devices = std::move(devices),
          .availableMemory = integer(options, "availableMemory"),
          .edgeMemory = {.most = integer(options, "mostEdgeBytes"),
                         .block = integer(options, "blockBytes")}};
}

at::ScalarType toDtype(const Napi::Value& name) {
  requireKind(name.IsString(), name, "dtype", "a string");
  return oneOf<at::ScalarType>(name.Env(), name.As<Napi::String>(), "dtype",
                               {{"float64", at::kDouble},
                                {"float32", at::kFloat},
                                {"float16", at::kHalf},
                                {"bfloat16", at::kBFloat16}});
}

ActivationReturn toActivationReturn(const Napi::Object& options) {
  return oneOf<ActivationReturn>(options, "activations",
                                 {{"none", ActivationReturn::None},
                                  {"activations", ActivationReturn::Activations},
                                  {"preActivations", ActivationReturn::PreActivations}});
}

at::Device toDevice(const std::string& name) { return at::Device(name); }

Napi::Float32Array toFloats(const Napi::Value& value, const std::string& name) {
  requireKind(isTypedArray(value, napi_float32_array), value, name, "a Float32Array");
  return value.As<Napi::Float32Array>();
}

std::vector<int64_t> toInts(const Napi::Value& value, const std::string& name) {
  requireKind(isTypedArray(value, napi_int32_array), value, name, "an Int32Array");
  const auto ints = value.As<Napi::Int32Array>();
  return {ints.Data(), ints.Data() + ints.ElementLength()};
}

std::vector<std::string> toStrings(const Napi::Value& value, const std::string& name) {
  const Napi::Array values = toArray(value, name);
  std::vector<std::string> out;
  for (uint32_t i = 0; i < values.Length(); ++i) {
    const Napi::Value item = values.Get(i);
    requireKind(item.IsString(), item, name + "[" + std::to_string(i) + "]", "a string");
    out.push_back(item.As<Napi::String>());
  }
  return out;
}

GraphView toGraphView(const Napi::Object& graph) {
  GraphView view;
  const Napi::Array blocks = array(graph, "edges");
  const auto probabilities = toFloats(graph.Get("logitProbabilities"), "logitProbabilities");
  view.featureLayer = toInts(graph.Get("featureLayers"), "featureLayers");
  view.logitProbability = {probabilities.Data(),
                           probabilities.Data() + probabilities.ElementLength()};
  view.nLayers = integer(graph, "nLayers");
  view.nPositions = integer(graph, "nPositions");
  view.edges = toRowBlocks(blocks, view.nRows(), view.nNodes());
  return view;
}

at::Tensor borrowFloats(const Napi::Float32Array& values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float*>(values.Data()), shape, at::kFloat);
}

}  // namespace circuit_tracer
