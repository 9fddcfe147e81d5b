#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attribution/edges/edge_memory.h"
#include "attribution/targets.h"

namespace circuit_tracer {

// What a caller of `attribute` decides. There are no defaults here: the binding fills in every
// field with what lib/attribution/options.ts resolved.
struct AttributeOptions {
  std::vector<int64_t> tokens;         // [n]
  int64_t specialPositions;            // the first positions, which get no features or errors
  std::vector<TargetRequest> targets;  // empty: the salient tokens by the next two options
  int64_t maxNLogits;
  double desiredLogitProb;
  int64_t batchSize;                       // target rows per batch; 0: as chooseBatchSize says
  std::optional<int64_t> maxFeatureNodes;  // empty: all active features
  int64_t updateIntervalRows;              // feature rows between two rankings
  std::string offload;                     // see Offload
  std::vector<at::Device> devices;         // one local model on each; empty: the model's device
  int64_t availableMemory;                 // bytes of main memory that this process may still take
  EdgeMemory edgeMemory;
};

}  // namespace circuit_tracer
