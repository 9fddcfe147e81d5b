#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attribution/edge_table.h"
#include "attribution/targets.h"
#include "job_control.h"
#include "model/transformer.h"
#include "transcoder/sparse_features.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

struct AttributeOptions {
  std::vector<int64_t> tokens;
  int64_t zeroPositions = 1;
  std::vector<TargetRequest> targets;  // empty: salient tokens by the next two
  int64_t maxNLogits = 10;
  double desiredLogitProb = 0.95;
  int64_t batchSize = 512;       // 0: see batchSizeOn
  int64_t maxFeatureNodes = -1;  // -1: all active features
  int64_t rankEvery = 2048;      // rows
  std::string offload;           // see Offload
  // Where rows are computed, each with a local model of its own; empty: on the model's device.
  std::vector<at::Device> devices;
  int64_t availableMemory = 0;  // bytes of main memory that can still be had
  EdgeMemory edgeMemory;
};

struct GraphData {
  SparseFeatures features;        // all N active ones
  std::vector<int64_t> selected;  // [S] ascending indices into features
  std::vector<int64_t> logitTokenIds;
  std::vector<float> logitProbabilities;
  OwnedRowBlocks edges;           // [S + K, S + L * n + n + K]: features then targets as rows
  at::Tensor reconstructionSums;  // [L, 4], see AttributionSetup
  std::map<std::string, double> timings;  // seconds by phase
};

// Phases: one forward pass, encoding, the local model, target rows, then feature rows in order of
// their influence on the targets as far as it is known, re-ranked every rankEvery rows. Throws
// CodedError ERR_NUMERIC, ERR_OUT_OF_MEMORY, ABORT_ERR.
GraphData attribute(Transformer& model, TranscoderSet& transcoders, const AttributeOptions& options,
                    const JobControl& control);

}  // namespace circuit_tracer
