# Target `libtorch`: the headers and libraries of the LibTorch folder in ${LIBTORCH}.
#
# Not find_package(Torch): the package file of a CUDA LibTorch stops without a CUDA toolkit, which code that only uses
# device-generic ATen doesn't need.
if(NOT EXISTS "${LIBTORCH}/include/torch/csrc/api/include/torch/torch.h")
  message(FATAL_ERROR "No LibTorch in LIBTORCH='${LIBTORCH}': expected include/ and lib/. "
    "Build with `node scripts/build.js`, or pass -DLIBTORCH=<folder>.")
endif()

foreach(part torch torch_cpu c10)
  find_library(LIBTORCH_${part} ${part} PATHS "${LIBTORCH}/lib" NO_DEFAULT_PATH NO_CACHE)
  if(NOT LIBTORCH_${part})
    message(FATAL_ERROR "LibTorch is not complete: no library ${part} in ${LIBTORCH}/lib.")
  endif()
endforeach()

add_library(libtorch INTERFACE)
target_include_directories(libtorch SYSTEM INTERFACE
  "${LIBTORCH}/include" "${LIBTORCH}/include/torch/csrc/api/include")

# The library called torch is an empty one that pulls in the CUDA part of a CUDA LibTorch; a linker that drops libraries
# without used symbols would drop it.
if(UNIX AND NOT APPLE)
  target_link_libraries(libtorch INTERFACE "-Wl,--push-state,--no-as-needed,${LIBTORCH_torch},--pop-state")
else()
  target_link_libraries(libtorch INTERFACE "${LIBTORCH_torch}")
endif()
target_link_libraries(libtorch INTERFACE "${LIBTORCH_torch_cpu}" "${LIBTORCH_c10}")

# Linux releases up to 2.6 were built with the old std::string; the package file says so.
if(EXISTS "${LIBTORCH}/share/cmake/Torch/TorchConfig.cmake")
  file(STRINGS "${LIBTORCH}/share/cmake/Torch/TorchConfig.cmake" OLD_ABI REGEX "_GLIBCXX_USE_CXX11_ABI=0")
  if(OLD_ABI)
    target_compile_definitions(libtorch INTERFACE _GLIBCXX_USE_CXX11_ABI=0)
  endif()
endif()
