#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace circuit_tracer {

// A failure with one of the string codes of lib/errors.ts; the binding carries both to JavaScript.
class CodedError : public std::runtime_error {
 public:
  CodedError(std::string code, const std::string& message)
      : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

// Throws CodedError(code, parts...) unless `condition` holds. `parts` are streamed one after
// another.
template <typename... Parts>
void require(bool condition, const char* code, const Parts&... parts) {
  if (condition) return;
  std::ostringstream message;
  (message << ... << parts);
  throw CodedError(code, message.str());
}

}  // namespace circuit_tracer
