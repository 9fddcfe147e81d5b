// The engine's jobs on finished graphs.
#include "binding/convert.h"
#include "binding/engine.h"
#include "binding/results.h"
#include "graph/graph_view.h"
#include "graph/prune.h"

namespace circuit_tracer {
namespace {

// Work of one step.
template <typename Work>
auto reported(const JobControl& control, const char* phase, const Work& work) {
  control.report(phase, 0, 1);
  auto result = work();
  control.report(phase, 1, 1);
  return result;
}

}  // namespace

Napi::Value Engine::nodeInfluence(const Napi::CallbackInfo& info) {
  const GraphView graph = toGraphView(info[0].As<Napi::Object>());
  return submit(
      info,
      [=](const JobControl& control) {
        return reported(control, "node influence",
                        [&] { return circuit_tracer::nodeInfluence(graph); });
      },
      [](Napi::Env env, std::vector<double>& influence) { return toFloat32Array(env, influence); });
}

Napi::Value Engine::edgeInfluence(const Napi::CallbackInfo& info) {
  const GraphView graph = toGraphView(info[0].As<Napi::Object>());
  return submit(
      info,
      [=](const JobControl& control) {
        return reported(control, "edge influence",
                        [&] { return circuit_tracer::edgeInfluence(graph); });
      },
      [](Napi::Env env, at::Tensor& influence) { return toFloat32Array(env, influence); });
}

Napi::Value Engine::totalEffects(const Napi::CallbackInfo& info) {
  const GraphView graph = toGraphView(info[0].As<Napi::Object>());
  const auto values = toFloats(info[1], "activations");
  const std::vector<float> activation(values.Data(), values.Data() + values.ElementLength());
  return submit(
      info,
      [=](const JobControl& control) {
        return circuit_tracer::totalEffects(graph, activation, control);
      },
      [](Napi::Env env, std::vector<double>& effects) { return toFloat32Array(env, effects); });
}

Napi::Value Engine::prune(const Napi::CallbackInfo& info) {
  const GraphView graph = toGraphView(info[0].As<Napi::Object>());
  const double nodeThreshold = info[1].As<Napi::Number>().DoubleValue();
  const double edgeThreshold = info[2].As<Napi::Number>().DoubleValue();
  return submit(
      info,
      [=](const JobControl&) { return circuit_tracer::prune(graph, nodeThreshold, edgeThreshold); },
      [](Napi::Env env, PruneResult& result) -> Napi::Value {
        Napi::Object out = Napi::Object::New(env);
        out.Set("nodeMask", toUint8Array(env, result.nodeMask));
        out.Set("cumulativeScores", toFloat32Array(env, result.cumulativeScores));
        out.Set("edgeTargets", toInt32Array(env, result.edgeTargets));
        out.Set("edgeSources", toInt32Array(env, result.edgeSources));
        out.Set("edgeWeights", toFloat32Array(env, result.edgeWeights));
        out.Set("nodeCut", result.nodeCut);
        out.Set("edgeCut", result.edgeCut);
        return out;
      });
}

Napi::Value Engine::largestEdge(const Napi::CallbackInfo& info) {
  const GraphView graph = toGraphView(info[0].As<Napi::Object>());
  return submit(
      info,
      [=](const JobControl& control) {
        return reported(control, "largest edge",
                        [&] { return circuit_tracer::largestEdge(graph); });
      },
      [](Napi::Env env, float& largest) -> Napi::Value { return Napi::Number::New(env, largest); });
}

Napi::Value Engine::scores(const Napi::CallbackInfo& info) {
  const GraphView graph = toGraphView(info[0].As<Napi::Object>());
  return submit(
      info,
      [=](const JobControl& control) {
        return reported(control, "scores", [&] { return circuit_tracer::scores(graph); });
      },
      [](Napi::Env env, GraphScores& result) -> Napi::Value {
        Napi::Object out = Napi::Object::New(env);
        out.Set("replacement", result.replacement);
        out.Set("completeness", result.completeness);
        return out;
      });
}

}  // namespace circuit_tracer
