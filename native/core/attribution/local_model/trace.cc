#include "attribution/local_model/trace.h"

#include "finite.h"

namespace circuit_tracer {
namespace {

// Where the trace keeps the value of a hook point; nullptr for a point that it does not keep.
at::Tensor* slot(Trace& trace, HookPoint point, int64_t layer) {
  switch (point) {
    case HookPoint::Embed:
      return &trace.embeddings;
    case HookPoint::Pattern:
      return &trace.patterns[layer];
    case HookPoint::Ln1Scale:
      return &trace.scales.ln1[layer];
    case HookPoint::Ln1PostScale:
      return &trace.scales.ln1Post[layer];
    case HookPoint::Ln2Scale:
      return &trace.scales.ln2[layer];
    case HookPoint::Ln2PostScale:
      return &trace.scales.ln2Post[layer];
    case HookPoint::FinalScale:
      return &trace.scales.final;
    default:
      return nullptr;
  }
}

}  // namespace

Trace tracePrompt(const Transformer& model, const TranscoderSpec& transcoders,
                  const at::Tensor& tokens, const JobControl& control) {
  Trace trace;
  const int64_t layers = model.spec().nLayers;
  for (auto* list : {&trace.patterns, &trace.scales.ln1, &trace.scales.ln1Post, &trace.scales.ln2,
                     &trace.scales.ln2Post, &trace.featureInputs, &trace.featureOutputs}) {
    list->resize(layers);
  }
  const Hook hook = [&](HookPoint point, int64_t layer, at::Tensor value) {
    if (point == HookPoint::ResidPre) control.report("forward", layer, layers);
    if (at::Tensor* place = slot(trace, point, layer)) *place = value;
    if (point == transcoders.inputHook) trace.featureInputs[layer] = value;
    if (point == transcoders.outputHook) trace.featureOutputs[layer] = value;
    return value;
  };
  trace.logits = model.forward(tokens, hook);
  requireFinite(trace.logits, "logits of the prompt");
  return trace;
}

}  // namespace circuit_tracer
