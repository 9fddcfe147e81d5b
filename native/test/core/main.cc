// Golden numbers of the core, small enough to be worked out by hand. Needs no Node:
//   circuit_tracer_core_test
// prints a line per test, and exits with 1 when one failed.
#include <exception>
#include <iostream>

#include "test/core/check.h"

int main() {
  using namespace circuit_tracer::test;
  int failed = 0;
  for (const auto& tests : {modelTests(), transcoderTests(), rowTests(), graphTests()}) {
    for (const Test& test : tests) {
      try {
        test.run();
        std::cout << "ok " << test.name << std::endl;
      } catch (const std::exception& error) {
        ++failed;
        std::cout << "FAILED " << test.name << "\n" << error.what() << std::endl;
      }
    }
  }
  return failed > 0 ? 1 : 0;
}
