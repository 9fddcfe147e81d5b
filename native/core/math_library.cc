#include "math_library.h"

#include <ATen/Functions.h>

#include <atomic>
#include <filesystem>

#include "errors.h"

namespace circuit_tracer {
namespace {

std::atomic<bool> isStarted{false};

}  // namespace

void requireStartableMathLibrary() {
  if (isStarted) return;
  std::error_code failure;
  std::filesystem::current_path(failure);
  require(!failure, "ERR_FILE_NOT_FOUND", "the current folder can't be had (", failure.message(),
          "): it has been deleted. Change to another folder and start again");
}

void startMathLibrary() {
  requireStartableMathLibrary();
  if (isStarted) return;
  at::mm(at::ones({8, 8}), at::ones({8, 8}));
  isStarted = true;
}

}  // namespace circuit_tracer
