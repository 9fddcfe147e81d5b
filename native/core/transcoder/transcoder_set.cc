#include "transcoder/transcoder_set.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "errors.h"
#include "finite.h"
#include "long_copy.h"
#include "long_product.h"

namespace circuit_tracer {
namespace {

// Encoders are read in slabs of about this many bytes, so a lazy encoder needs no more than that at
// once; eager ones use the same slabs, so both give the same bits.
constexpr int64_t kSlabBytes = int64_t{64} << 20;
// Rows of a lazy decoder are let go after about so many numbers of them.
constexpr int64_t kHeldNumbers = int64_t{4} << 20;
// Dense activations are held for about this many numbers at once.
constexpr int64_t kDenseNumbers = int64_t{64} << 20;

void requireShape(const TensorSource& source, at::IntArrayRef found,
                  const std::vector<int64_t>& expected) {
  require(found == at::IntArrayRef(expected), "ERR_WEIGHT", source.name, ": found ",
          describeShape(found), ", expected ", describeShape(expected));
}

class LayerReader {
 public:
  LayerReader(const TranscoderSpec& spec, const TranscoderLoading& loading)
      : spec_(spec), loading_(loading) {}

  TranscoderLayer read(int64_t layer, const TranscoderLayerSources& sources) {
    const int64_t features = spec_.nFeatures[layer];
    TranscoderLayer out;
    out.encoder = rows(sources.encoder, {features, spec_.dModel}, loading_.lazyEncoder);
    out.encoderBias = vector(sources.encoderBias, {features});
    if (sources.threshold) {
      TensorSource threshold = *sources.threshold;
      threshold.mayBeInfinite = true;
      out.threshold = vector(threshold, {features});
    }
    out.decoder =
        rows(sources.decoder, {features, spec_.span(layer), spec_.dModel}, loading_.lazyDecoder);
    out.decoderBias = vector(sources.decoderBias, {spec_.dModel});
    if (sources.skip) out.skip = vector(*sources.skip, {spec_.dModel, spec_.dModel});
    return out;
  }

  const FileMappings& files() const { return files_; }

 private:
  RowStore rows(const TensorSource& source, const std::vector<int64_t>& shape, bool lazy) {
    RowStore store(source, files_, loading_.dtype, loading_.device, lazy);
    requireShape(source, store.sizes(), shape);
    return store;
  }
  at::Tensor vector(const TensorSource& source, const std::vector<int64_t>& shape) {
    at::Tensor tensor = loadTensor(source, files_, loading_.dtype, loading_.device);
    requireShape(source, tensor.sizes(), shape);
    return tensor;
  }

  const TranscoderSpec& spec_;
  const TranscoderLoading& loading_;
  FileMappings files_;
};

// In place: the k largest numbers of each row of h, with their signs; zero in place of the others.
void keepLargest(at::Tensor h, int64_t k) {
  const auto [values, indices] = h.topk(k, -1);
  h.zero_().scatter_(-1, indices, values);
}

// In place, of some rows h.
void activateRows(const TranscoderSpec& spec, const TranscoderLayer& layer, at::Tensor h) {
  switch (spec.activation) {
    case FeatureActivation::Relu:
      h.relu_();
      return;
    case FeatureActivation::JumpRelu:
      // Strict, and with no ReLU: h between a negative threshold and zero stays. An infinite
      // threshold is a feature that is off, or always on.
      h.masked_fill_(h <= layer.threshold, 0);
      return;
    case FeatureActivation::TopK:
      keepLargest(h, spec.k);
      return;
    case FeatureActivation::TopKRelu:
      keepLargest(h, spec.k);
      h.relu_();
      return;
  }
  throw CodedError("ERR_NATIVE", "unknown feature activation");
}

// Calls take(begin, end) on some of `rows` at a time, each of `width` numbers.
template <typename Take>
void inPolledRows(int64_t rows, int64_t width, const Take& take) {
  const int64_t together = polledRows(width);
  for (int64_t begin = 0; begin < rows; begin += together) {
    pollJob();
    take(begin, std::min(begin + together, rows));
  }
}

void appendNonZeroRows(const at::Tensor& activations, int64_t layer, int64_t firstPosition,
                       SparseFeatures& out) {
  const int64_t features = activations.size(1);
  const at::Tensor flat = activations.reshape({-1});
  const at::Tensor where = flat.nonzero().squeeze(1);
  const at::Tensor values = flat.index_select(0, where).to(at::kCPU, at::kFloat).contiguous();
  const at::Tensor places = where.to(at::kCPU).contiguous();
  const int64_t* place = places.data_ptr<int64_t>();
  const float* value = values.data_ptr<float>();
  for (int64_t i = 0; i < places.numel(); ++i) {
    out.layer.push_back(layer);
    out.position.push_back(firstPosition + place[i] / features);
    out.feature.push_back(place[i] % features);
    out.value.push_back(value[i]);
  }
}

void appendNonZero(const at::Tensor& activations, int64_t layer, int64_t firstPosition,
                   SparseFeatures& out) {
  inPolledRows(activations.size(0), activations.size(1), [&](int64_t begin, int64_t end) {
    appendNonZeroRows(activations.slice(0, begin, end), layer, firstPosition + begin, out);
  });
}

at::Tensor toTensor(const std::vector<int64_t>& values, int64_t begin, int64_t end) {
  return at::tensor(at::ArrayRef<int64_t>(values.data() + begin, end - begin), at::kLong);
}

}  // namespace

TranscoderSet::TranscoderSet(TranscoderSpec spec,
                             const std::vector<TranscoderLayerSources>& sources,
                             const TranscoderLoading& loading, const JobControl& control)
    : spec_(std::move(spec)), dtype_(loading.dtype), device_(loading.device) {
  LayerReader reader(spec_, loading);
  for (int64_t l = 0; l < spec_.nLayers; ++l) {
    control.report("load transcoders", l, spec_.nLayers);
    layers_.push_back(onUnchanged(reader.files(), [&] { return reader.read(l, sources[l]); }));
  }
  files_ = reader.files().opened();
  control.report("load transcoders", spec_.nLayers, spec_.nLayers);
}

at::Tensor TranscoderSet::encodeLayer(int64_t l, const at::Tensor& x, bool applyActivation) const {
  const TranscoderLayer& layer = layers_[l];
  const int64_t features = spec_.nFeatures[l];
  const int64_t rowBytes = spec_.dModel * static_cast<int64_t>(c10::elementSize(dtype_));
  const int64_t slab = std::max<int64_t>(kSlabBytes / rowBytes, 1);
  const at::Tensor input = x.to(dtype_);
  at::Tensor out = at::empty({x.size(0), features}, input.options());
  for (int64_t begin = 0; begin < features; begin += slab) {
    const int64_t end = std::min(begin + slab, features);
    at::Tensor part = out.slice(1, begin, end);
    longAffineInto(part, layer.encoderBias.slice(0, begin, end), input,
                   layer.encoder.slab(begin, end).t());
    layer.encoder.releasePages();
  }
  requireFinite(out, "pre-activations of transcoder layer " + std::to_string(l));
  if (!applyActivation) return out;
  inPolledRows(out.size(0), features, [&](int64_t begin, int64_t end) {
    activateRows(spec_, layer, out.slice(0, begin, end));
  });
  return out;
}

SparseFeatures TranscoderSet::encodeSparse(const std::vector<at::Tensor>& inputs,
                                           int64_t specialPositions, bool applyActivation,
                                           const JobControl& control) const {
  SparseFeatures out;
  for (int64_t l = 0; l < spec_.nLayers; ++l) {
    control.report("encode", l, spec_.nLayers);
    if (l + 1 < spec_.nLayers) layers_[l + 1].encoder.readAhead();
    const int64_t n = inputs[l].size(0);
    const int64_t chunk = std::max<int64_t>(kDenseNumbers / spec_.nFeatures[l], 1);
    // The silent positions are encoded, too, and left out after: as many rows as dense activations
    // have give the same bits.
    for (int64_t begin = 0; begin < n; begin += chunk) {
      const at::Tensor x = inputs[l].slice(0, begin, std::min(begin + chunk, n));
      const int64_t silent = std::clamp<int64_t>(specialPositions - begin, 0, x.size(0));
      appendNonZero(encodeLayer(l, x, applyActivation).slice(0, silent), l, begin + silent, out);
    }
  }
  return out;
}

at::Tensor TranscoderSet::decoderRows(const SparseFeatures& features, int64_t begin,
                                      int64_t end) const {
  return layers_[features.layer[begin]].decoder.gather(toTensor(features.feature, begin, end));
}

void TranscoderSet::startLayer(int64_t l, const at::Tensor& input, at::Tensor out) const {
  out.copy_(layers_[l].decoderBias.unsqueeze(0).expand(out.sizes()));
  if (input.defined() && layers_[l].skip.defined()) {
    out.add_(longLinear(input.to(dtype_), layers_[l].skip, {}));
  }
}

void TranscoderSet::addFeatures(const SparseFeatures& features, int64_t begin, int64_t end,
                                const at::Tensor& out) const {
  int64_t read = 0;  // numbers of a lazy decoder whose pages may be in memory
  // Entries of one layer are sorted by position: each run of one position is one product.
  for (int64_t first = begin, last = begin; first < end; first = last) {
    pollJob();
    while (last < end && features.position[last] == features.position[first]) ++last;
    const at::Tensor values =
        at::from_blob(const_cast<float*>(features.value.data() + first), {last - first}, at::kFloat)
            .to(device_);
    const at::Tensor vectors = decoderRows(features, first, last).to(at::kFloat);
    out.select(1, features.position[first])
        .add_(at::matmul(values, vectors.flatten(1)).view({out.size(0), spec_.dModel}));
    read += vectors.numel();
    if (read < kHeldNumbers && last < end) continue;
    layers_[features.layer[first]].decoder.releasePages();
    read = 0;
  }
}

std::vector<at::Tensor> TranscoderSet::decode(const SparseFeatures& features, int64_t rows,
                                              const std::vector<at::Tensor>& inputs) const {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device_);
  at::Tensor out = at::empty({spec_.nLayers, rows, spec_.dModel}, options);
  for (int64_t l = 0; l < spec_.nLayers; ++l) {
    startLayer(l, inputs.empty() ? at::Tensor() : inputs[l], out[l]);
  }
  const auto offsets = features.layerOffsets(spec_.nLayers);
  for (int64_t l = 0; l < spec_.nLayers; ++l) {
    addFeatures(features, offsets[l], offsets[l + 1], out.slice(0, l, l + spec_.span(l)));
  }
  return out.unbind(0);
}

at::Tensor TranscoderSet::decodeLayer(int64_t layer, const SparseFeatures& features, int64_t rows,
                                      const at::Tensor& input) const {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device_);
  at::Tensor out = at::empty({1, rows, spec_.dModel}, options);
  startLayer(layer, input, out[0]);
  addFeatures(features, 0, features.size(), out);
  return out[0];
}

SparseFeatures nonZeroFeatures(const std::vector<at::Tensor>& activations) {
  SparseFeatures out;
  for (size_t l = 0; l < activations.size(); ++l) {
    appendNonZero(activations[l], static_cast<int64_t>(l), 0, out);
  }
  return out;
}

}  // namespace circuit_tracer
