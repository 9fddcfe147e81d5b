#pragma once

#include <cstdint>
#include <vector>

#include "job_control.h"
#include "model/transformer.h"
#include "transcoder/sparse_features.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

// Active features of several documents, run one by one. `tokens` are all documents' in a row and
// `lengths` how many each has; positions in the result count along that row. The first
// `specialPositions` tokens of each document get no features. Sorted by document, layer, position,
// feature.
SparseFeatures documentActivations(const Transformer& model, const TranscoderSet& transcoders,
                                   const std::vector<int64_t>& tokens,
                                   const std::vector<int64_t>& lengths, int64_t specialPositions,
                                   const JobControl& control);

}  // namespace circuit_tracer
