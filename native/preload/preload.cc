// Loads a shared library with its symbols visible to what is loaded later, so that an addon linked
// against LibTorch finds it already in the process, wherever it was on disk. Node's own
// process.dlopen accepts addons only.
#include <node_api.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace {

#ifdef _WIN32
std::string openLibrary(const std::string& path) {
  std::wstring wide(MultiByteToWideChar(CP_UTF8, 0, path.c_str(), -1, nullptr, 0), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path.c_str(), -1, wide.data(), static_cast<int>(wide.size()));
  if (LoadLibraryExW(wide.c_str(), nullptr,
                     LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS)) {
    return "";
  }
  return path + ": Windows error " + std::to_string(GetLastError());
}

void openAddon(const std::string& path) { openLibrary(path); }
#else
std::string openLibrary(const std::string& path) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) return "";
  const char* reason = dlerror();
  return reason ? reason : path + ": unknown reason";
}

// As Node opens it.
void openAddon(const std::string& path) { dlopen(path.c_str(), RTLD_LAZY); }
#endif

std::string toText(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return "";
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env, value, text.data(), text.size(), nullptr);
  text.resize(length);
  return text;
}

napi_value toValue(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.c_str(), text.size(), &value);
  return value;
}

// What isn't given, or isn't text, is empty.
std::array<std::string, 2> argumentTexts(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2] = {};
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  return {toText(env, arguments[0]), toText(env, arguments[1])};
}

// Opening on another thread, of all environments of the process. The loader runs what a library
// does at its start: the process must not end meanwhile, and nothing may be opened once it ends.
// Never destroyed, for the thread may look at it late.
struct Opening {
  std::mutex mutex;  // held while a library is opened
  bool ended = false;

  static Opening& get() {
    static auto* opening = new Opening;
    return *opening;
  }
};

struct OpenWork {
  std::array<std::string, 2> paths;
  std::string complaint;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

void openOnThread(napi_env, void* data) {
  auto* work = static_cast<OpenWork*>(data);
  Opening& opening = Opening::get();
  const std::lock_guard lock(opening.mutex);
  if (opening.ended) return;
  work->complaint = openLibrary(work->paths[0]);
  // Node opens the addon once more, and reports what is wrong with it.
  if (work->complaint.empty()) openAddon(work->paths[1]);
}

void openDone(napi_env env, napi_status, void* data) {
  const std::unique_ptr<OpenWork> work(static_cast<OpenWork*>(data));
  napi_delete_async_work(env, work->work);
  napi_resolve_deferred(env, work->deferred, toValue(env, work->complaint));
}

// open(path: string): string, the loader's complaint, empty when loaded. Never throws.
napi_value open(napi_env env, napi_callback_info info) {
  return toValue(env, openLibrary(argumentTexts(env, info)[0]));
}

// openOnThread(path: string, addon: string): Promise<string>, likewise, and an addon after it.
napi_value startOpening(napi_env env, napi_callback_info info) {
  auto work = std::make_unique<OpenWork>();
  work->paths = argumentTexts(env, info);
  napi_value promise = nullptr;
  napi_create_promise(env, &work->deferred, &promise);
  napi_value name = toValue(env, "circuit_tracer.open");
  OpenWork* raw = work.release();
  napi_create_async_work(env, nullptr, name, openOnThread, openDone, raw, &raw->work);
  napi_queue_async_work(env, raw->work);
  return promise;
}

// end(): waits for what is being opened, and lets nothing more be. For the process's exit.
napi_value end(napi_env, napi_callback_info) {
  Opening& opening = Opening::get();
  const std::lock_guard lock(opening.mutex);
  opening.ended = true;
  return nullptr;
}

void define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  define(env, exports, "open", open);
  define(env, exports, "openOnThread", startOpening);
  define(env, exports, "end", end);
  return exports;
}
