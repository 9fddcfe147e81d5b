#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <map>
#include <string>
#include <vector>

#include "attribution/attribute_options.h"
#include "graph/graph_view.h"
#include "intervention/intervene.h"
#include "io/tensor_source.h"
#include "model/model_spec.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// JavaScript values to the core's structs. lib/ has validated them: what is wrong here is a bug
// there, reported as a Napi::Error naming the field.
ModelSpec toModelSpec(const Napi::Object& spec);
TensorSource toTensorSource(const Napi::Object& source);
std::map<std::string, TensorSource> toTensorSources(const Napi::Object& weights);
TranscoderSpec toTranscoderSpec(const Napi::Object& spec);
std::vector<TranscoderLayerSources> toTranscoderSources(const Napi::Array& layers);
AttributeOptions toAttributeOptions(const Napi::Object& options);
Intervention toIntervention(const Napi::Object& intervention, int64_t nLayers);
at::ScalarType toDtype(const Napi::Value& name);
bool toFlag(const Napi::Object& object, const char* name);
// Of the field `activations`.
ActivationReturn toActivationReturn(const Napi::Object& options);
at::Device toDevice(const std::string& name);

// Arrays, as arguments or fields: `name` is what an error calls them.
Napi::Float32Array toFloats(const Napi::Value& value, const std::string& name);  // not copied
std::vector<int64_t> toInts(const Napi::Value& value, const std::string& name);
std::vector<std::string> toStrings(const Napi::Value& value, const std::string& name);

// A graph whose edges stay in the caller's arrays, which must be kept alive meanwhile.
GraphView toGraphView(const Napi::Object& graph);

// A float32 CPU tensor over the caller's array.
at::Tensor borrowFloats(const Napi::Float32Array& values, at::IntArrayRef shape);

}  // namespace circuit_tracer
