#pragma once

namespace circuit_tracer {

// The maths library under LibTorch, MKL, asks for the current folder when it gets itself ready, at
// the first product or setting of threads, and ends the process when that folder has been deleted.

// Throws CodedError ERR_FILE_NOT_FOUND when it would do so.
void requireStartableMathLibrary();

// Has it get ready, once per process. Throws as above, and tries again at the next call.
void startMathLibrary();

}  // namespace circuit_tracer
