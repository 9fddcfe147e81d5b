#pragma once

namespace circuit_tracer {

// Gives what the heap holds unused back to the system, where the C library can: gaps between
// tensors that have come and gone would otherwise stay resident beside those that come next.
void returnFreeMemory();

}  // namespace circuit_tracer
