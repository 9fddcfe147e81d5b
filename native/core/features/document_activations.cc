#include "features/document_activations.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <atomic>

#include "parallel_tasks.h"

namespace circuit_tracer {
namespace {

// [layers] of [n, D] at the feature input hook.
std::vector<at::Tensor> featureInputs(const Transformer& model, const TranscoderSpec& transcoders,
                                      const at::Tensor& tokens) {
  std::vector<at::Tensor> inputs(model.spec().nLayers);
  model.forward(tokens, [&](HookPoint point, int64_t layer, at::Tensor value) {
    if (point == transcoders.inputHook) inputs[layer] = value;
    // Nobody asks for logits: one row of them instead of n.
    return point == HookPoint::UnembedPre ? value.slice(0, 0, 1) : value;
  });
  return inputs;
}

void append(const SparseFeatures& found, int64_t offset, SparseFeatures& all) {
  all.layer.insert(all.layer.end(), found.layer.begin(), found.layer.end());
  for (const int64_t position : found.position) all.position.push_back(position + offset);
  all.feature.insert(all.feature.end(), found.feature.begin(), found.feature.end());
  all.value.insert(all.value.end(), found.value.begin(), found.value.end());
}

}  // namespace

SparseFeatures documentActivations(const Transformer& model, const TranscoderSet& transcoders,
                                   const std::vector<int64_t>& tokens,
                                   const std::vector<int64_t>& lengths, int64_t specialPositions,
                                   const JobControl& control) {
  std::vector<int64_t> begins;
  int64_t total = 0;
  for (const int64_t length : lengths) {
    begins.push_back(total);
    total += length;
  }
  const int64_t count = static_cast<int64_t>(lengths.size());
  const int64_t workers = model.device().is_cpu() ? at::get_num_threads() : 1;
  std::vector<SparseFeatures> found(count);
  JobControl quiet = control;  // documents are counted, not the layers of each
  quiet.onProgress = nullptr;
  std::atomic<int64_t> done{0};
  control.report("documents", 0, count);
  parallelTasks(count, workers, [&](int64_t d, int64_t) {
    const at::ArrayRef<int64_t> document(tokens.data() + begins[d], lengths[d]);
    const auto inputs = featureInputs(model, transcoders.spec(), model.tokenTensor(document));
    found[d] = transcoders.encodeSparse(inputs, specialPositions, true, quiet);
    control.report("documents", ++done, count);
  });
  SparseFeatures all;
  for (int64_t d = 0; d < count; ++d) append(found[d], begins[d], all);
  return all;
}

}  // namespace circuit_tracer
