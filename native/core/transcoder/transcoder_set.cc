#include "transcoder/transcoder_set.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "errors.h"
#include "finite.h"

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
  LayerReader(const TranscoderSpec& spec, at::ScalarType dtype, at::Device device, bool lazyEncoder,
              bool lazyDecoder)
      : spec_(spec),
        dtype_(dtype),
        device_(device),
        lazyEncoder_(lazyEncoder),
        lazyDecoder_(lazyDecoder) {}

  TranscoderLayer read(int64_t layer, const TranscoderLayerSources& sources) {
    const int64_t features = spec_.nFeatures[layer];
    TranscoderLayer out;
    out.encoder = rows(sources.encoder, {features, spec_.dModel}, lazyEncoder_);
    out.encoderBias = vector(sources.encoderBias, {features});
    if (sources.threshold) out.threshold = vector(*sources.threshold, {features});
    out.decoder = rows(sources.decoder, {features, spec_.span(layer), spec_.dModel}, lazyDecoder_);
    out.decoderBias = vector(sources.decoderBias, {spec_.dModel});
    if (sources.skip) out.skip = vector(*sources.skip, {spec_.dModel, spec_.dModel});
    return out;
  }

  const FileMappings& files() const { return files_; }

 private:
  RowStore rows(const TensorSource& source, const std::vector<int64_t>& shape, bool lazy) {
    RowStore store(source, files_, dtype_, device_, lazy);
    requireShape(source, store.sizes(), shape);
    return store;
  }
  at::Tensor vector(const TensorSource& source, const std::vector<int64_t>& shape) {
    at::Tensor tensor = loadTensor(source, files_, dtype_, device_);
    requireShape(source, tensor.sizes(), shape);
    return tensor;
  }

  const TranscoderSpec& spec_;
  FileMappings files_;
  at::ScalarType dtype_;
  at::Device device_;
  bool lazyEncoder_, lazyDecoder_;
};

at::Tensor activate(const TranscoderSpec& spec, const TranscoderLayer& layer, at::Tensor h) {
  switch (spec.activation) {
    case FeatureActivation::Relu:
      return h.relu_();
    case FeatureActivation::JumpRelu:
      // Strict, and with no ReLU: h between a negative threshold and zero stays.
      return h.masked_fill_(h <= layer.threshold, 0);
    case FeatureActivation::TopK: {
      const auto [values, indices] = h.topk(spec.k, -1);
      return at::zeros_like(h).scatter_(-1, indices, values);
    }
  }
  throw CodedError("ERR_NATIVE", "unknown feature activation");
}

void appendNonZero(const at::Tensor& activations, int64_t layer, int64_t firstPosition,
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

at::Tensor toTensor(const std::vector<int64_t>& values, int64_t begin, int64_t end) {
  return at::tensor(at::ArrayRef<int64_t>(values.data() + begin, end - begin), at::kLong);
}

}  // namespace

TranscoderSet::TranscoderSet(TranscoderSpec spec,
                             const std::vector<TranscoderLayerSources>& sources,
                             at::ScalarType dtype, at::Device device, bool lazyEncoder,
                             bool lazyDecoder, const JobControl& control)
    : spec_(std::move(spec)), dtype_(dtype), device_(device) {
  LayerReader reader(spec_, dtype, device, lazyEncoder, lazyDecoder);
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
    at::addmm_out(part, layer.encoderBias.slice(0, begin, end), input,
                  layer.encoder.slab(begin, end).t());
    layer.encoder.releasePages();
  }
  requireFinite(out, "pre-activations of transcoder layer " + std::to_string(l));
  return applyActivation ? activate(spec_, layer, out) : out;
}

SparseFeatures TranscoderSet::encodeSparse(const std::vector<at::Tensor>& inputs,
                                           int64_t zeroPositions, const JobControl& control) const {
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
      const int64_t silent = std::clamp<int64_t>(zeroPositions - begin, 0, x.size(0));
      appendNonZero(encodeLayer(l, x, true).slice(0, silent), l, begin + silent, out);
    }
  }
  return out;
}

at::Tensor TranscoderSet::decoderRows(const SparseFeatures& features, int64_t begin,
                                      int64_t end) const {
  return layers_[features.layer[begin]].decoder.gather(toTensor(features.feature, begin, end));
}

std::vector<at::Tensor> TranscoderSet::decode(const SparseFeatures& features, int64_t rows,
                                              const std::vector<at::Tensor>& inputs) const {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device_);
  at::Tensor out = at::empty({spec_.nLayers, rows, spec_.dModel}, options);
  for (int64_t l = 0; l < spec_.nLayers; ++l) {
    out[l].copy_(layers_[l].decoderBias.unsqueeze(0).expand({rows, spec_.dModel}));
    if (!inputs.empty() && layers_[l].skip.defined()) {
      out[l].add_(at::linear(inputs[l].to(dtype_), layers_[l].skip));
    }
  }
  const auto offsets = features.layerOffsets(spec_.nLayers);
  for (int64_t l = 0; l < spec_.nLayers; ++l) {
    int64_t read = 0;  // numbers of a lazy decoder whose pages may be in memory
    // Entries of one layer are sorted by position: each run of one position is one product.
    for (int64_t begin = offsets[l], end = begin; begin < offsets[l + 1]; begin = end) {
      while (end < offsets[l + 1] && features.position[end] == features.position[begin]) ++end;
      const at::Tensor values = at::from_blob(const_cast<float*>(features.value.data() + begin),
                                              {end - begin}, at::kFloat)
                                    .to(device_);
      const at::Tensor vectors = decoderRows(features, begin, end).to(at::kFloat);
      out.slice(0, l, l + spec_.span(l))
          .select(1, features.position[begin])
          .add_(at::matmul(values, vectors.flatten(1)).view({spec_.span(l), spec_.dModel}));
      read += vectors.numel();
      if (read < kHeldNumbers && end < offsets[l + 1]) continue;
      layers_[l].decoder.releasePages();
      read = 0;
    }
  }
  return out.unbind(0);
}

SparseFeatures nonZeroFeatures(const std::vector<at::Tensor>& activations) {
  SparseFeatures out;
  for (size_t l = 0; l < activations.size(); ++l) {
    appendNonZero(activations[l], static_cast<int64_t>(l), 0, out);
  }
  return out;
}

}  // namespace circuit_tracer
