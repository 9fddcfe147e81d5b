#include "io/mxfp4.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <array>

#include "errors.h"
#include "io/tensor_source.h"
#include "job_control.h"

namespace circuit_tracer {
namespace {

// FP4 E2M1: sign, two exponent bits, one mantissa bit.
constexpr std::array<float, 16> kFp4 = {0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,  4.0f,  6.0f,
                                        -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f};
constexpr int64_t kBytesPerGroup = 16;
constexpr int64_t kValuesPerGroup = 32;
constexpr int kScaleBias = 127;

void decodeGroup(const uint8_t* bytes, uint8_t scale, c10::BFloat16* out) {
  for (int64_t i = 0; i < kBytesPerGroup; ++i) {
    out[2 * i] = std::ldexp(kFp4[bytes[i] & 0x0F], scale - kScaleBias);
    out[2 * i + 1] = std::ldexp(kFp4[bytes[i] >> 4], scale - kScaleBias);
  }
}

}  // namespace

at::Tensor decodeMxfp4(const at::Tensor& blocks, const at::Tensor& scales) {
  require(blocks.dim() == scales.dim() + 1 && blocks.size(-1) == kBytesPerGroup &&
              blocks.sizes().slice(0, scales.dim()) == scales.sizes(),
          "ERR_WEIGHT", "MXFP4 blocks ", describeShape(blocks.sizes()), " and scales ",
          describeShape(scales.sizes()),
          " don't belong together; expected [..., groups, 16] and "
          "[..., groups]");
  auto shape = scales.sizes().vec();
  shape.back() *= kValuesPerGroup;
  at::Tensor out = at::empty(shape, at::kBFloat16);
  const uint8_t* bytes = blocks.data_ptr<uint8_t>();
  const uint8_t* exponents = scales.data_ptr<uint8_t>();
  auto* values = out.data_ptr<c10::BFloat16>();
  const CurrentJob job;
  at::parallel_for(0, scales.numel(), 4096, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      job.poll();
      decodeGroup(bytes + g * kBytesPerGroup, exponents[g], values + g * kValuesPerGroup);
    }
  });
  return out;
}

}  // namespace circuit_tracer
