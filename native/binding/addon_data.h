#pragma once

#include <napi.h>

namespace circuit_tracer {

// What each environment (main thread, worker thread) keeps: constructors must not be shared.
struct AddonData {
  Napi::FunctionReference transformerHandle;
  Napi::FunctionReference transcodersHandle;
  Napi::FunctionReference keyValueCacheHandle;
};

}  // namespace circuit_tracer
