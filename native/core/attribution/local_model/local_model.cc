#include "attribution/local_model/local_model.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <numeric>

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

class LocalModelBuilder {
 public:
  LocalModelBuilder(const Transformer& model, const TranscoderSet& transcoders, const Trace& trace)
      : model_(model), spec_(model.spec()), transcoders_(transcoders), trace_(trace) {}

  // The pattern is scaled in place.
  LinearAttention attention(int64_t l, at::Tensor pattern) const {
    const BlockWeights& block = model_.weights().blocks[l];
    LinearAttention out;
    out.scaledPattern = longConversion(pattern, model_.device(), at::kFloat).contiguous();
    for (int64_t h = 0; h < spec_.nHeads; ++h) {
      pollJob();
      at::Tensor ofHead = out.scaledPattern[h];
      ofHead.div_(trace_.ln1Scale[l].squeeze(-1));
      if (spec_.postNorms) ofHead.div_(trace_.ln1PostScale[l]);
    }
    out.valueWeight =
        throughNorm(spec_.normalization, block.ln1.gain,
                    longConversion(block.attention.valueWeight, model_.device(), at::kFloat));
    out.outWeight = longConversion(block.attention.outWeight, model_.device(), at::kFloat);
    if (spec_.postNorms) {
      out.outWeight = adjointThroughNorm(spec_.normalization, block.ln1Post.gain, out.outWeight.t())
                          .t()
                          .contiguous();
      releasePages(block.attention.outWeight);
    }
    // What has been copied needn't take memory as pages of its file, too.
    releasePages(block.attention.valueWeight);
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
void placeDecoders(const LocalModelBuilder& builder, const TranscoderSet& transcoders,
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
        builder.toResidual(source + j, rows.select(1, j) * values, positions));
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

void placeAllDecoders(const LocalModelBuilder& builder, const TranscoderSet& transcoders,
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
      placeDecoders(builder, transcoders, features, chunk, local);
    }
  }
}

}  // namespace

LocalModel buildLocalModel(const Transformer& model, const TranscoderSet& transcoders,
                           AttributionSetup& setup, const JobControl& control) {
  const ModelSpec& spec = model.spec();
  Trace& trace = setup.trace;
  const LocalModelBuilder builder(model, transcoders, trace);
  LocalModel local;
  local.nLayers = spec.nLayers;
  local.nPositions = trace.nPositions();
  local.dModel = spec.dModel;
  local.nHeads = spec.nHeads;
  local.nKeyValueHeads = spec.nKeyValueHeads;
  local.dHead = spec.dHead;
  local.parallelBlocks = spec.parallelBlocks;
  local.crossLayer = transcoders.spec().crossLayer;
  local.columns = layOutColumns(setup.features, spec.nLayers, local.nPositions);
  local.tokenVectors = std::move(trace.embeddings).to(at::kFloat);
  const auto options = local.tokenVectors.options();
  const at::Tensor everywhere = at::arange(local.nPositions, options.dtype(at::kLong));
  for (int64_t l = 0; l < spec.nLayers; ++l) {
    control.report("prepare", l, 2 * spec.nLayers);
    local.attention.push_back(builder.attention(l, std::move(trace.patterns[l])));
    local.skip.push_back(builder.skip(l));
    LayerWrites writes;
    const int64_t firstLayer = local.crossLayer ? 0 : l;
    writes.groups = groupWrites(local.columns, firstLayer, l);
    const int64_t rows = writes.groups.back().firstRow + writes.groups.back().count;
    writes.vectors = at::empty({rows, spec.dModel}, options);
    placeErrors(local.columns, firstLayer, l, builder.toResidual(l, setup.errors[l], everywhere),
                writes);
    local.writes.push_back(std::move(writes));
  }
  placeAllDecoders(builder, transcoders, setup.features, control, local);
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

at::Tensor featureReadVectors(const Transformer& model, const TranscoderSet& transcoders,
                              const Trace& trace, const SparseFeatures& features,
                              const std::vector<int64_t>& indices) {
  const LocalModelBuilder builder(model, transcoders, trace);
  const at::Device device = model.device();
  at::Tensor out = at::empty({static_cast<int64_t>(indices.size()), model.spec().dModel},
                             at::TensorOptions().dtype(at::kFloat).device(device));
  for (int64_t l = 0; l < model.spec().nLayers; ++l) {
    pollJob();
    std::vector<int64_t> rows, ids, positions;
    for (size_t r = 0; r < indices.size(); ++r) {
      if (features.layer[indices[r]] != l) continue;
      rows.push_back(static_cast<int64_t>(r));
      ids.push_back(features.feature[indices[r]]);
      positions.push_back(features.position[indices[r]]);
    }
    if (rows.empty()) continue;
    const RowStore& encoder = transcoders.layer(l).encoder;
    at::Tensor vectors = encoder.gather(at::tensor(ids, at::kLong)).to(at::kFloat);
    encoder.releasePages();
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
