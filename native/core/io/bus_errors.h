#pragma once

namespace circuit_tracer {

// From the first call on, reading a page of a mapped file that is gone from the file (cut short, or
// the disk fails) no longer ends the process: the page reads as zeros, and its MappedRange is
// marked as lost. SIGBUS at any other address goes to whoever handled it before. Does nothing on
// Windows, where a mapped file can't be cut.
void outliveLostPages();

}  // namespace circuit_tracer
