#include "math_library.h"

#include <ATen/Functions.h>

#include <filesystem>

#include "errors.h"

namespace circuit_tracer {
namespace {

bool start() {
  std::error_code failure;
  std::filesystem::current_path(failure);
  require(!failure, "ERR_FILE_NOT_FOUND", "the current folder can't be had (", failure.message(),
          "): it has been deleted. Change to another folder and start again");
  at::mm(at::ones({8, 8}), at::ones({8, 8}));
  return true;
}

}  // namespace

void startMathLibrary() {
  // A start that throws leaves it unset.
  static const bool started = start();
  static_cast<void>(started);
}

}  // namespace circuit_tracer
