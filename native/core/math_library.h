#pragma once

namespace circuit_tracer {

// Has the maths library under LibTorch get itself ready, once per process. MKL asks for the current
// folder then, and ends the process when that has been deleted. Throws CodedError
// ERR_FILE_NOT_FOUND instead, and tries again at the next call.
void startMathLibrary();

}  // namespace circuit_tracer
