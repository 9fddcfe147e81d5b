#pragma once

#include <ATen/Functions.h>
#include <ATen/core/Formatting.h>
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "errors.h"

namespace circuit_tracer::test {

// A test of one thing. It fails by throwing.
struct Test {
  std::string name;
  std::function<void()> run;
};

std::vector<Test> modelTests();
std::vector<Test> transcoderTests();
std::vector<Test> rowTests();
std::vector<Test> graphTests();

// A float32 tensor of these numbers.
inline at::Tensor floats(const std::vector<float>& numbers, at::IntArrayRef shape) {
  return at::tensor(numbers, at::kFloat).view(shape);
}

// Fails unless both have the same shape and differ by at most 1e-6.
inline void expectClose(const at::Tensor& found, const at::Tensor& expected) {
  const bool same = found.sizes() == expected.sizes() &&
                    at::allclose(found.to(at::kFloat), expected.to(at::kFloat), 0, 1e-6);
  require(same, "TEST", "expected ", expected, "\nfound ", found);
}

template <typename T>
void expectEqual(const std::vector<T>& found, const std::vector<T>& expected) {
  require(found == expected, "TEST", "expected ", at::ArrayRef<T>(expected), "\nfound ",
          at::ArrayRef<T>(found));
}

}  // namespace circuit_tracer::test
