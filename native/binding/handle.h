#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "model/key_value_cache.h"
#include "model/transformer.h"
#include "transcoder/transcoder_set.h"

namespace circuit_tracer {

template <typename T>
struct HandleTraits;
template <>
struct HandleTraits<Transformer> {
  static constexpr char kName[] = "NativeTransformer";
  static constexpr char kKind[] = "transformer";
  static constexpr napi_type_tag kTag = {0x6c1d2f0b54a94e3dULL, 0x9a7be0c2d8f14756ULL};
};
template <>
struct HandleTraits<TranscoderSet> {
  static constexpr char kName[] = "NativeTranscoders";
  static constexpr char kKind[] = "transcoders";
  static constexpr napi_type_tag kTag = {0x2e94b7a1f3c84d60ULL, 0xb05d6e1c7f2a4938ULL};
};
template <>
struct HandleTraits<KeyValueCache> {
  static constexpr char kName[] = "NativeKeyValueCache";
  static constexpr char kKind[] = "keyValueCache";
  static constexpr napi_type_tag kTag = {0x51f0c8e62d7b4a19ULL, 0x83c2d94e0fa76b5dULL};
};

// A JS object that keeps a core object alive until dispose() or garbage collection. Jobs in flight
// hold references of their own.
template <typename T>
class Handle : public Napi::ObjectWrap<Handle<T>> {
 public:
  using Traits = HandleTraits<T>;

  static Napi::Function define(Napi::Env env) {
    return Handle::DefineClass(env, Traits::kName,
                               {Handle::InstanceMethod("dispose", &Handle::dispose)});
  }

  static Napi::Value wrap(const Napi::Function& constructor, std::shared_ptr<T> held) {
    Napi::Object object = constructor.New({});
    object.TypeTag(&Traits::kTag);
    object.Set("kind", Traits::kKind);
    Handle::Unwrap(object)->held_ = std::move(held);
    return object;
  }

  static bool is(const Napi::Value& value) {
    return value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&Traits::kTag);
  }

  // Throws a Napi::Error when `value` is not such a handle or has been disposed of.
  static std::shared_ptr<T> get(const Napi::Value& value) {
    const Napi::Env env = value.Env();
    if (!is(value)) {
      throw Napi::TypeError::New(env, std::string("native binding: expected a ") + Traits::kName);
    }
    auto held = Handle::Unwrap(value.As<Napi::Object>())->held_;
    if (!held) {
      Napi::Error error =
          Napi::Error::New(env, std::string("the ") + Traits::kKind + " handle is disposed");
      error.Set("code", Napi::String::New(env, "ERR_DISPOSED"));
      throw error;
    }
    return held;
  }

  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Handle<T>>(info) {}

 private:
  void dispose(const Napi::CallbackInfo&) { held_.reset(); }

  std::shared_ptr<T> held_;
};

}  // namespace circuit_tracer
