#include "free_memory.h"

#include <cstdlib>  // defines __GLIBC__ where it is that library

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace circuit_tracer {

void returnFreeMemory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace circuit_tracer
