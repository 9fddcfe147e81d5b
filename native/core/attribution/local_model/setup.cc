#include "attribution/local_model/setup.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <string>

#include "finite.h"

namespace circuit_tracer {
namespace {

at::Tensor deviations(const at::Tensor& rows) { return rows - rows.mean(0, /*keepdim=*/true); }

// float64 on the CPU: not every device has float64.
at::Tensor sumOfProducts(const at::Tensor& a, const at::Tensor& b) {
  return (a * b).sum(1).cpu().to(at::kDouble).sum();
}

// One row of AttributionSetup::reconstructionSums. All rows are [positions with features, D].
at::Tensor reconstructionSums(const at::Tensor& output, const at::Tensor& reconstruction,
                              const at::Tensor& error) {
  if (output.size(0) == 0) return at::zeros({4}, at::kDouble);
  const at::Tensor actual = deviations(output);
  const at::Tensor made = deviations(reconstruction);
  return at::stack({sumOfProducts(actual, actual), sumOfProducts(error, error),
                    sumOfProducts(actual, made), sumOfProducts(made, made)});
}

}  // namespace

AttributionSetup setUpAttribution(const Transformer& model, const TranscoderSet& transcoders,
                                  const at::Tensor& tokens, int64_t specialPositions,
                                  const JobControl& control) {
  AttributionSetup setup;
  setup.trace = tracePrompt(model, transcoders.spec(), tokens, control);
  const Trace& trace = setup.trace;
  setup.features = transcoders.encodeSparse(trace.featureInputs, specialPositions, true, control);
  setup.reconstruction =
      transcoders.decode(setup.features, trace.nPositions(), trace.featureInputs);
  std::vector<at::Tensor> sums;
  for (size_t l = 0; l < setup.reconstruction.size(); ++l) {
    const at::Tensor output = trace.featureOutputs[l].to(at::kFloat);
    at::Tensor error = output - setup.reconstruction[l];
    error.slice(0, 0, specialPositions).zero_();
    requireFinite(error, "reconstruction error of layer " + std::to_string(l));
    setup.errors.push_back(error);
    const auto featured = [&](const at::Tensor& rows) { return rows.slice(0, specialPositions); };
    sums.push_back(
        reconstructionSums(featured(output), featured(setup.reconstruction[l]), featured(error)));
  }
  setup.reconstructionSums = at::stack(sums);
  return setup;
}

}  // namespace circuit_tracer
