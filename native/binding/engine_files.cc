// The engine's job on weight files.
#include "binding/convert.h"
#include "binding/engine.h"
#include "io/write_tensor.h"

namespace circuit_tracer {

Napi::Value Engine::writeTensor(const Napi::CallbackInfo& info) {
  const TensorSource source = toTensorSource(info[0].As<Napi::Object>());
  const at::ScalarType dtype = toDtype(info[1]);
  const std::string file = info[2].As<Napi::String>();
  const int64_t offset = info[3].As<Napi::Number>().Int64Value();
  return submit(
      info,
      [=](const JobControl& control) {
        return circuit_tracer::writeTensor(source, dtype, file, offset, control);
      },
      [](Napi::Env env, int64_t& bytes) -> Napi::Value {
        return Napi::Number::New(env, static_cast<double>(bytes));
      });
}

}  // namespace circuit_tracer
