#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attribution/local_model/setup.h"
#include "attribution/targets.h"
#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// The usual way to compute attribution graphs, for comparison: one autograd graph over `batchSize`
// copies of the prompt, kept for the whole run; each batch of target rows is a backward pass
// through all of it, and edges are read by gathering batch x features x width gradients.
class CopiedPromptAttribution {
 public:
  struct Result {
    std::vector<int64_t> rows;  // feature of each row after the targets', in the order chosen
    at::Tensor edges;           // [K + rows, N + L * n + n]
    std::map<std::string, double> seconds;
  };

  CopiedPromptAttribution(const Transformer& model, const TranscoderSet& transcoders,
                          const std::vector<int64_t>& tokens, int64_t specialPositions);

  Result run(int64_t maxLogits, double desiredLogitProb, int64_t batchSize,
             std::optional<int64_t> maxFeatureNodes, int64_t updateIntervalRows);

 private:
  struct Rows {
    std::vector<int64_t> layer, position;
    at::Tensor vectors;  // [R, D] gradients at the feature inputs, or at the final norm's output
  };

  void forwardCopies(int64_t batchSize);
  at::Tensor atHook(HookPoint point, int64_t layer, at::Tensor value);
  at::Tensor readAt(int64_t layer, const at::Tensor& gradient);
  at::Tensor injectAt(int64_t layer, const at::Tensor& gradient) const;
  at::Tensor edgeRows(const Rows& rows);
  at::Tensor encoderRows(const std::vector<int64_t>& features) const;
  std::vector<int64_t> rankedByInfluence(const Result& result, const at::Tensor& weights,
                                         int64_t filled) const;

  const Transformer& model_;
  const TranscoderSet& transcoders_;
  at::Tensor tokens_;
  AttributionSetup setup_;
  std::map<std::string, double> setupSeconds_;
  std::vector<at::Tensor> decoders_;  // per output layer [writes, D]
  std::vector<at::Tensor> columns_;   // per output layer: feature of each write
  std::vector<at::Tensor> places_;    // per output layer: position of each write
  std::vector<at::Tensor> inputs_;    // [B, n, D] per layer, and the final norm's output
  const Rows* current_ = nullptr;
  at::Tensor edges_;  // [B, columns] being filled
};

}  // namespace circuit_tracer
