#include "model/captured_forward.h"

#include "finite.h"
#include "model/hook_capture.h"

namespace circuit_tracer {

CapturedForward captureForward(const Transformer& model, const at::Tensor& tokens,
                               const std::vector<std::string>& hookNames,
                               const JobControl& control) {
  HookCapture capture(hookNames);
  const Hook hook = [&](HookPoint point, int64_t layer, at::Tensor value) {
    if (point == HookPoint::ResidPre) control.report("forward", layer, model.spec().nLayers);
    capture.see(point, layer, value);
    return value;
  };
  const at::Tensor logits = model.forward(tokens, hook);
  requireFinite(logits, "logits of the prompt");
  return {logits, capture.values()};
}

}  // namespace circuit_tracer
