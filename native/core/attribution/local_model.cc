#include "attribution/local_model.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <numeric>

#include "attribution/norm_adjoint.h"

namespace circuit_tracer {
namespace {

SourceColumns layOutColumns(const SparseFeatures& features, int64_t nLayers, int64_t nPositions) {
  SourceColumns columns;
  columns.nFeatures = features.size();
  columns.nLayers = nLayers;
  columns.nPositions = nPositions;
  std::vector<int64_t> byPosition(features.size());
  std::iota(byPosition.begin(), byPosition.end(), 0);
  std::stable_sort(byPosition.begin(), byPosition.end(), [&](int64_t a, int64_t b) {
    return features.position[a] < features.position[b];
  });
  columns.ofFeature.resize(features.size());
  for (int64_t c = 0; c < features.size(); ++c) columns.ofFeature[byPosition[c]] = c;
  columns.workingOfFinal = at::arange(columns.total(), at::kLong);
  std::copy(columns.ofFeature.begin(), columns.ofFeature.end(),
            columns.workingOfFinal.data_ptr<int64_t>());
  return columns;
}

// Groups of output layer `layer`: of each position, the features of the source layers first ..
// layer, which are neighbours in working order.
std::vector<WriteGroup> groupWrites(const SparseFeatures& features, const SourceColumns& columns,
                                    int64_t firstLayer, int64_t layer) {
  std::vector<WriteGroup> groups(columns.nPositions);
  for (int64_t i = 0; i < features.size(); ++i) {
    if (features.layer[i] < firstLayer || features.layer[i] > layer) continue;
    WriteGroup& group = groups[features.position[i]];
    if (group.count == 0) group.firstColumn = columns.ofFeature[i];
    group.firstColumn = std::min(group.firstColumn, columns.ofFeature[i]);
    ++group.count;
  }
  int64_t row = 0;
  for (WriteGroup& group : groups) {
    group.firstRow = row;
    row += group.count;
  }
  return groups;
}

class LocalModelBuilder {
 public:
  LocalModelBuilder(const Transformer& model, const TranscoderSet& transcoders, const Trace& trace)
      : model_(model), spec_(model.spec()), transcoders_(transcoders), trace_(trace) {}

  LinearAttention attention(int64_t l) const {
    const BlockWeights& block = model_.weights().blocks[l];
    LinearAttention out;
    out.scaledPattern = trace_.patterns[l].to(at::kFloat) / trace_.ln1Scale[l].squeeze(-1);
    out.valueWeight = throughNorm(spec_.normalization, block.ln1.gain,
                                  block.attention.valueWeight.to(at::kFloat));
    out.outWeight = block.attention.outWeight.to(at::kFloat);
    if (spec_.postNorms) {
      out.scaledPattern.div_(trace_.ln1PostScale[l]);
      out.outWeight = adjointThroughNorm(spec_.normalization, block.ln1Post.gain, out.outWeight.t())
                          .t()
                          .contiguous();
    }
    return out;
  }

  LinearSkip skip(int64_t l) const {
    LinearSkip out;
    const at::Tensor& matrix = transcoders_.layer(l).skip;
    if (!matrix.defined()) return out;
    const auto [gain, scale] = inputNorm(l);
    out.matrix = matrix.to(at::kFloat);
    out.scale = at::ones({trace_.nPositions(), 1, 1}, out.matrix.options());
    if (scale.defined()) {
      out.matrix = throughNorm(spec_.normalization, gain, out.matrix);
      out.scale = out.scale / scale.unsqueeze(-1);
    }
    if (outputIsBeforePostNorm()) {
      const at::Tensor& postGain = model_.weights().blocks[l].ln2Post.gain;
      out.matrix =
          adjointThroughNorm(spec_.normalization, postGain, out.matrix.t()).t().contiguous();
      out.scale = out.scale / trace_.ln2PostScale[l].unsqueeze(-1);
    }
    return out;
  }

  // Vectors written at the feature output of layer l at `positions`, moved to the residual stream.
  at::Tensor toResidual(int64_t l, const at::Tensor& vectors, const at::Tensor& positions) const {
    if (!outputIsBeforePostNorm()) return vectors;
    const at::Tensor& gain = model_.weights().blocks[l].ln2Post.gain;
    return adjointThroughNorm(spec_.normalization, gain, vectors) /
           trace_.ln2PostScale[l].index_select(0, positions);
  }

  // Norm gain (undefined = 1) and scale (undefined = no norm) between the residual stream and the
  // feature input of layer l.
  std::pair<at::Tensor, at::Tensor> inputNorm(int64_t l) const {
    const HookPoint hook = transcoders_.spec().inputHook;
    if (hook == HookPoint::ResidMid) return {};
    const at::Tensor& gain = model_.weights().blocks[l].ln2.gain;
    return {hook == HookPoint::MlpIn ? gain : at::Tensor(), trace_.ln2Scale[l]};
  }

 private:
  bool outputIsBeforePostNorm() const {
    return spec_.postNorms && transcoders_.spec().outputHook == HookPoint::RawMlpOut;
  }

  const Transformer& model_;
  const ModelSpec& spec_;
  const TranscoderSet& transcoders_;
  const Trace& trace_;
};

at::Tensor onDevice(const std::vector<int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

// Reads the decoder rows of one source layer once and hands each output layer its share.
void placeDecoders(const LocalModelBuilder& builder, const TranscoderSet& transcoders,
                   const SparseFeatures& features, int64_t begin, int64_t end, LocalModel& local) {
  if (begin == end) return;
  const int64_t source = features.layer[begin];
  const at::Device device = transcoders.device();
  const std::vector<int64_t> where(features.position.begin() + begin,
                                   features.position.begin() + end);
  const at::Tensor positions = onDevice(where, device);
  const at::Tensor values =
      at::tensor(at::ArrayRef<float>(features.value.data() + begin, end - begin), at::kFloat)
          .to(device);
  const at::Tensor rows = transcoders.decoderRows(features, begin, end).to(at::kFloat);
  for (int64_t j = 0; j < transcoders.spec().span(source); ++j) {
    LayerWrites& writes = local.writes[source + j];
    std::vector<int64_t> destination(end - begin);
    for (int64_t i = begin; i < end; ++i) {
      const WriteGroup& group = writes.groups[features.position[i]];
      destination[i - begin] = group.firstRow + local.columns.ofFeature[i] - group.firstColumn;
    }
    const at::Tensor vectors = rows.select(1, j) * values.unsqueeze(1);
    writes.decoders.index_copy_(0, onDevice(destination, device),
                                builder.toResidual(source + j, vectors, positions));
  }
}

}  // namespace

LocalModel buildLocalModel(const Transformer& model, const TranscoderSet& transcoders,
                           const Trace& trace, const SparseFeatures& features,
                           const std::vector<at::Tensor>& errors, const JobControl& control) {
  const ModelSpec& spec = model.spec();
  const LocalModelBuilder builder(model, transcoders, trace);
  LocalModel local;
  local.nLayers = spec.nLayers;
  local.nPositions = trace.nPositions();
  local.dModel = spec.dModel;
  local.nHeads = spec.nHeads;
  local.nKeyValueHeads = spec.nKeyValueHeads;
  local.dHead = spec.dHead;
  local.parallelBlocks = spec.parallelBlocks;
  local.columns = layOutColumns(features, spec.nLayers, local.nPositions);
  local.tokenVectors = trace.embeddings.to(at::kFloat);
  const auto options = local.tokenVectors.options();
  const at::Tensor everywhere = at::arange(local.nPositions, options.dtype(at::kLong));
  for (int64_t l = 0; l < spec.nLayers; ++l) {
    control.report("prepare", l, 2 * spec.nLayers);
    local.attention.push_back(builder.attention(l));
    local.skip.push_back(builder.skip(l));
    LayerWrites writes;
    const int64_t firstSource = transcoders.spec().crossLayer ? 0 : l;
    writes.groups = groupWrites(features, local.columns, firstSource, l);
    const int64_t rows = writes.groups.back().firstRow + writes.groups.back().count;
    writes.decoders = at::empty({rows, spec.dModel}, options);
    writes.errors = builder.toResidual(l, errors[l], everywhere);
    local.writes.push_back(std::move(writes));
  }
  const auto offsets = features.layerOffsets(spec.nLayers);
  for (int64_t l = 0; l < spec.nLayers; ++l) {
    control.report("prepare", spec.nLayers + l, 2 * spec.nLayers);
    placeDecoders(builder, transcoders, features, offsets[l], offsets[l + 1], local);
  }
  return local;
}

at::Tensor featureReadVectors(const Transformer& model, const TranscoderSet& transcoders,
                              const Trace& trace, const SparseFeatures& features,
                              const std::vector<int64_t>& indices) {
  const LocalModelBuilder builder(model, transcoders, trace);
  const at::Device device = model.device();
  at::Tensor out = at::empty({static_cast<int64_t>(indices.size()), model.spec().dModel},
                             at::TensorOptions().dtype(at::kFloat).device(device));
  for (int64_t l = 0; l < model.spec().nLayers; ++l) {
    std::vector<int64_t> rows, ids, positions;
    for (size_t r = 0; r < indices.size(); ++r) {
      if (features.layer[indices[r]] != l) continue;
      rows.push_back(static_cast<int64_t>(r));
      ids.push_back(features.feature[indices[r]]);
      positions.push_back(features.position[indices[r]]);
    }
    if (rows.empty()) continue;
    at::Tensor vectors =
        transcoders.layer(l).encoder.gather(at::tensor(ids, at::kLong)).to(at::kFloat);
    const auto [gain, scale] = builder.inputNorm(l);
    if (scale.defined()) {
      vectors = throughNorm(model.spec().normalization, gain, vectors) /
                scale.index_select(0, onDevice(positions, device));
    }
    out.index_copy_(0, onDevice(rows, device), vectors);
  }
  return out;
}

at::Tensor logitReadVectors(const Transformer& model, const Trace& trace,
                            const at::Tensor& directions, const std::vector<int64_t>& positions) {
  return throughNorm(model.spec().normalization, model.weights().finalNorm.gain,
                     directions.to(at::kFloat)) /
         trace.finalScale.index_select(0, onDevice(positions, model.device()));
}

}  // namespace circuit_tracer
