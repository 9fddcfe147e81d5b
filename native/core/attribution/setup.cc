#include "attribution/setup.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <string>

#include "finite.h"

namespace circuit_tracer {

AttributionSetup setUpAttribution(const Transformer& model, const TranscoderSet& transcoders,
                                  const at::Tensor& tokens, int64_t zeroPositions,
                                  const JobControl& control) {
  AttributionSetup setup;
  setup.trace = tracePrompt(model, transcoders.spec(), tokens, control);
  const Trace& trace = setup.trace;
  setup.features = transcoders.encodeSparse(trace.featureInputs, zeroPositions, true, control);
  setup.reconstruction =
      transcoders.decode(setup.features, trace.nPositions(), trace.featureInputs);
  for (size_t l = 0; l < setup.reconstruction.size(); ++l) {
    at::Tensor error = trace.featureOutputs[l].to(at::kFloat) - setup.reconstruction[l];
    error.slice(0, 0, zeroPositions).zero_();
    requireFinite(error, "reconstruction error of layer " + std::to_string(l));
    setup.errors.push_back(error);
  }
  return setup;
}

}  // namespace circuit_tracer
