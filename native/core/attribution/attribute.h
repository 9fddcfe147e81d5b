#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attribution/attribute_options.h"
#include "graph/row_blocks.h"
#include "job_control.h"
#include "model/transformer.h"
#include "transcoder/sparse_features.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

struct GraphData {
  SparseFeatures features;        // all N active ones
  std::vector<int64_t> selected;  // [S] ascending indices into features
  std::vector<int64_t> logitTokenIds;
  std::vector<float> logitProbabilities;
  OwnedRowBlocks edges;           // [S + K, S + L * n + n + K]: features then targets as rows
  at::Tensor reconstructionSums;  // [L, 4], see AttributionSetup
  std::map<std::string, double> timings;  // seconds by phase
};

// Computes the graph of a prompt: one forward pass, encoding, the local model, the rows of the
// targets, then the rows of the features that influence the targets most through the rows so far.
// These are ranked anew every updateIntervalRows rows. Throws CodedError ERR_NUMERIC,
// ERR_OUT_OF_MEMORY, ABORT_ERR.
GraphData attribute(Transformer& model, TranscoderSet& transcoders, const AttributeOptions& options,
                    const JobControl& control);

}  // namespace circuit_tracer
