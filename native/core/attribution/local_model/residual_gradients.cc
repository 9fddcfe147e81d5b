#include "attribution/local_model/residual_gradients.h"

#include <ATen/Functions.h>

#include "job_control.h"

namespace circuit_tracer {

at::Tensor featureResidualGradients(const TranscoderSet& transcoders, const FrozenNorms& norms,
                                    const SparseFeatures& features,
                                    const std::vector<int64_t>& indices) {
  const at::Device device = transcoders.device();
  const auto onDevice = [device](const std::vector<int64_t>& values) {
    return at::tensor(values, at::kLong).to(device);
  };
  at::Tensor out = at::empty({static_cast<int64_t>(indices.size()), transcoders.spec().dModel},
                             at::TensorOptions().dtype(at::kFloat).device(device));
  for (int64_t l = 0; l < transcoders.spec().nLayers; ++l) {
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
    const at::Tensor encoderRows = encoder.gather(at::tensor(ids, at::kLong)).to(at::kFloat);
    encoder.releasePages();
    out.index_copy_(0, onDevice(rows), norms.gradientsAtInput(l, encoderRows, onDevice(positions)));
  }
  return out;
}

}  // namespace circuit_tracer
