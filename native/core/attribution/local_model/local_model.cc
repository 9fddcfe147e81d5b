#include "attribution/local_model/local_model.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "attribution/local_model/frozen_norms.h"
#include "attribution/local_model/norm_adjoint.h"
#include "io/tensor_source.h"
#include "long_copy.h"

namespace circuit_tracer {
namespace {

// Groups of output layer `layer`: of each position, the columns of the source layers first ..
// layer. The errors of lower layers stand among them and write nothing there.
std::vector<WriteGroup> groupWrites(const SourceColumns& columns, int64_t firstLayer,
                                    int64_t layer) {
  std::vector<WriteGroup> groups;
  int64_t row = 0;
  for (int64_t q = 0; q < columns.nPositions; ++q) {
    WriteGroup group;
    group.firstRow = row;
    group.firstColumn = columns.run(firstLayer, q).firstAtPosition;
    group.count = columns.errorAt(q, layer) + 1 - group.firstColumn;
    row += group.count;
    groups.push_back(group);
  }
  return groups;
}

// Scales the pattern in place when it is float32 on the model's device already.
LinearAttention linearAttention(const Transformer& model, const NormScales& scales, int64_t layer,
                                const at::Tensor& pattern) {
  const ModelSpec& spec = model.spec();
  const BlockWeights& block = model.weights().blocks[layer];
  const AttentionWeights& weights = block.attention;
  LinearAttention out;
  out.scaledPattern = longConversion(pattern, model.device(), at::kFloat).contiguous();
  for (int64_t h = 0; h < spec.nHeads; ++h) {
    pollJob();
    at::Tensor ofHead = out.scaledPattern[h];                // [n queries, n keys]
    ofHead.div_(scales.ln1[layer].squeeze(-1));              // of keys
    if (spec.postNorms) ofHead.div_(scales.ln1Post[layer]);  // of queries
  }
  out.valueWeight = throughNorm(spec.normalization, block.ln1.gain,
                                longConversion(weights.valueWeight, model.device(), at::kFloat));
  out.outWeight = longConversion(weights.outWeight, model.device(), at::kFloat);
  if (spec.postNorms) {
    out.outWeight = adjointThroughNorm(spec.normalization, block.ln1Post.gain, out.outWeight.t())
                        .t()
                        .contiguous();
    releasePages(weights.outWeight);
  }
  // Until the next forward pass, the folded copy and the pattern stand for these.
  for (const auto* weight : {&weights.valueWeight, &weights.queryWeight, &weights.keyWeight}) {
    releasePages(*weight);
  }
  return out;
}

at::Tensor onDevice(const std::vector<int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

// Decoder rows of one source layer that are read together: about so many bytes of them.
constexpr int64_t kDecoderBytes = int64_t{4} << 20;

// Entries begin .. end-1 of `features` by feature: the order of their decoder rows in the file.
std::vector<int64_t> inFileOrder(const SparseFeatures& features, int64_t begin, int64_t end) {
  std::vector<int64_t> entries(end - begin);
  std::iota(entries.begin(), entries.end(), begin);
  std::sort(entries.begin(), entries.end(), [&](int64_t a, int64_t b) {
    return features.feature[a] != features.feature[b] ? features.feature[a] < features.feature[b]
                                                      : a < b;
  });
  return entries;
}

// Reads the decoder rows of entries of one source layer and hands each output layer its share.
void placeDecoders(const FrozenNorms& norms, const TranscoderSet& transcoders,
                   const SparseFeatures& features, at::ArrayRef<int64_t> entries,
                   LocalModel& local) {
  const int64_t source = features.layer[entries.front()];
  const at::Device device = transcoders.device();
  std::vector<int64_t> ids, where;
  std::vector<float> activations;
  for (const int64_t i : entries) {
    ids.push_back(features.feature[i]);
    where.push_back(features.position[i]);
    activations.push_back(features.value[i]);
  }
  const RowStore& decoder = transcoders.layer(source).decoder;
  const at::Tensor rows = decoder.gather(at::tensor(ids, at::kLong)).to(at::kFloat);
  decoder.releasePages();
  const at::Tensor positions = onDevice(where, device);
  const at::Tensor values = at::tensor(activations, at::kFloat).to(device).unsqueeze(1);
  for (int64_t j = 0; j < transcoders.spec().span(source); ++j) {
    LayerWrites& writes = local.writes[source + j];
    std::vector<int64_t> destination;
    for (const int64_t i : entries) {
      const WriteGroup& group = writes.groups[features.position[i]];
      const FeatureRun& run = local.columns.run(source, features.position[i]);
      destination.push_back(group.firstRow + run.firstAtPosition - group.firstColumn + i -
                            run.firstFinal);
    }
    writes.vectors.index_copy_(
        0, onDevice(destination, device),
        norms.vectorsAtOutput(source + j, rows.select(1, j) * values, positions));
  }
}

// Errors [n, D] of output layer `layer`; those of lower layers are zero there.
void placeErrors(const SourceColumns& columns, int64_t firstLayer, int64_t layer,
                 const at::Tensor& errors, LayerWrites& writes) {
  for (int64_t q = 0; q < columns.nPositions; ++q) {
    pollJob();
    const WriteGroup& group = writes.groups[q];
    for (int64_t l = firstLayer; l < layer; ++l) {
      writes.vectors[group.firstRow + columns.errorAt(q, l) - group.firstColumn].zero_();
    }
    writes.vectors[group.firstRow + group.count - 1].copy_(errors[q]);
  }
}

void placeAllDecoders(const FrozenNorms& norms, const TranscoderSet& transcoders,
                      const SparseFeatures& features, const JobControl& control,
                      LocalModel& local) {
  const auto offsets = features.layerOffsets(local.nLayers);
  for (int64_t l = 0; l < local.nLayers; ++l) {
    control.report("prepare", local.nLayers + l, 2 * local.nLayers);
    const auto entries = inFileOrder(features, offsets[l], offsets[l + 1]);
    const int64_t rowBytes = transcoders.spec().span(l) * local.dModel * sizeof(float);
    const int64_t together = std::max<int64_t>(kDecoderBytes / rowBytes, 1);
    const int64_t count = static_cast<int64_t>(entries.size());
    for (int64_t begin = 0; begin < count; begin += together) {
      control.poll();
      const auto chunk =
          at::ArrayRef<int64_t>(entries).slice(begin, std::min(together, count - begin));
      placeDecoders(norms, transcoders, features, chunk, local);
    }
  }
}

}  // namespace

LocalModel buildLocalModel(const Transformer& model, const TranscoderSet& transcoders,
                           const SparseFeatures& features, AttributionSetup&& setup,
                           const JobControl& control) {
  const ModelSpec& spec = model.spec();
  const NormScales scales = setup.trace.scales;
  const FrozenNorms norms(model, transcoders.spec(), scales);
  std::vector<at::Tensor> patterns = std::move(setup.trace.patterns);
  std::vector<at::Tensor> errors = std::move(setup.errors);
  LocalModel local;
  local.nLayers = spec.nLayers;
  local.nPositions = setup.trace.nPositions();
  local.dModel = spec.dModel;
  local.nHeads = spec.nHeads;
  local.nKeyValueHeads = spec.nKeyValueHeads;
  local.dHead = spec.dHead;
  local.parallelBlocks = spec.parallelBlocks;
  local.crossLayer = transcoders.spec().crossLayer;
  local.columns = layOutColumns(features, spec.nLayers, local.nPositions);
  local.tokenVectors = std::move(setup.trace.embeddings).to(at::kFloat);
  setup = {};
  const auto options = local.tokenVectors.options();
  const at::Tensor everywhere = at::arange(local.nPositions, options.dtype(at::kLong));
  for (int64_t l = 0; l < spec.nLayers; ++l) {
    control.report("prepare", l, 2 * spec.nLayers);
    local.attention.push_back(
        linearAttention(model, scales, l, std::exchange(patterns[l], at::Tensor())));
    local.skip.push_back(norms.linearSkip(l, transcoders.layer(l).skip));
    LayerWrites writes;
    const int64_t firstLayer = local.crossLayer ? 0 : l;
    writes.groups = groupWrites(local.columns, firstLayer, l);
    const int64_t rows = writes.groups.back().firstRow + writes.groups.back().count;
    writes.vectors = at::empty({rows, spec.dModel}, options);
    const at::Tensor error = std::exchange(errors[l], at::Tensor());
    placeErrors(local.columns, firstLayer, l, norms.vectorsAtOutput(l, error, everywhere), writes);
    local.writes.push_back(std::move(writes));
  }
  placeAllDecoders(norms, transcoders, features, control, local);
  return local;
}

LocalModel replicate(const LocalModel& local, at::Device device) {
  const auto copied = [device](const at::Tensor& tensor) {
    pollJob();
    return tensor.defined() ? tensor.to(device, tensor.scalar_type(), false, /*copy=*/true)
                            : tensor;
  };
  LocalModel out = local;
  out.tokenVectors = copied(local.tokenVectors);
  for (int64_t l = 0; l < local.nLayers; ++l) {
    LayerWrites& writes = out.writes[l];
    writes.vectors = copied(writes.vectors);
    LinearAttention& attention = out.attention[l];
    for (at::Tensor* tensor :
         {&attention.scaledPattern, &attention.outWeight, &attention.valueWeight}) {
      *tensor = copied(*tensor);
    }
    for (at::Tensor* tensor : {&out.skip[l].matrix, &out.skip[l].scale}) *tensor = copied(*tensor);
  }
  return out;
}

}  // namespace circuit_tracer
