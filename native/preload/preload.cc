// Loads a shared library with its symbols visible to what is loaded later, so that an addon linked
// against LibTorch finds it already in the process, wherever it was on disk. Node's own
// process.dlopen accepts addons only.
#include <node_api.h>

#include <string>

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
#else
std::string openLibrary(const std::string& path) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) return "";
  const char* reason = dlerror();
  return reason ? reason : path + ": unknown reason";
}
#endif

// open(path: string): string, the loader's complaint, empty when loaded. Never throws.
napi_value open(napi_env env, napi_callback_info info) {
  size_t argumentCount = 1;
  napi_value argument = nullptr;
  size_t length = 0;
  std::string result = "expected the path of a library";
  napi_get_cb_info(env, info, &argumentCount, &argument, nullptr, nullptr);
  if (argumentCount == 1 &&
      napi_get_value_string_utf8(env, argument, nullptr, 0, &length) == napi_ok) {
    std::string path(length + 1, '\0');
    napi_get_value_string_utf8(env, argument, path.data(), path.size(), nullptr);
    path.resize(length);
    result = openLibrary(path);
  }
  napi_value complaint = nullptr;
  napi_create_string_utf8(env, result.c_str(), result.size(), &complaint);
  return complaint;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function = nullptr;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, open, nullptr, &function);
  napi_set_named_property(env, exports, "open", function);
  return exports;
}
