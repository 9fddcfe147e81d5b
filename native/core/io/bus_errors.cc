#include "io/bus_errors.h"

#ifndef _WIN32

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "io/mapped_ranges.h"

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

namespace circuit_tracer {
namespace {

struct sigaction previousAction;
uintptr_t pageSize = 0;

// Everything from the lost page to the end of the mapping becomes zeros: what lies behind the end
// of a file is lost as a whole. Other threads that read there wait in the kernel meanwhile.
bool replaceLostPages(const siginfo_t& info) {
  if (info.si_code <= 0) return false;  // sent by a process, not by the memory
  const auto address = reinterpret_cast<uintptr_t>(info.si_addr);
  MappedRange* range = findRange(address);
  if (range == nullptr) return false;
  range->isLost = true;
  const uintptr_t begin = address / pageSize * pageSize;
  const void* zeros =
      ::mmap(reinterpret_cast<void*>(begin), range->end - begin, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  return zeros != MAP_FAILED;
}

void passOn(int signal, siginfo_t* info, void* context) {
  if ((previousAction.sa_flags & SA_SIGINFO) != 0) {
    previousAction.sa_sigaction(signal, info, context);
    return;
  }
  const bool isFault = info->si_code > 0;
  if (previousAction.sa_handler == SIG_IGN && !isFault) return;
  if (previousAction.sa_handler != SIG_IGN && previousAction.sa_handler != SIG_DFL) {
    previousAction.sa_handler(signal);
    return;
  }
  // Nobody handled it before: the process ends as it would have, once this handler returns.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

// Async-signal-safe: atomics without locks, and system calls.
void onBusError(int signal, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  if (!replaceLostPages(*info)) passOn(signal, info, context);
  errno = savedErrno;
}

// A worker thread that ends may unload this library, and the handler must not go with it.
void keepLibraryLoaded() {
  Dl_info library{};
  if (::dladdr(reinterpret_cast<void*>(&onBusError), &library) == 0) return;
  ::dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

void install() {
  keepLibraryLoaded();
  pageSize = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = onBusError;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  // First only asked for: the handler may run as soon as it is in place.
  ::sigaction(SIGBUS, nullptr, &previousAction);
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

void outliveLostPages() {
  static std::once_flag once;
  std::call_once(once, install);
}

}  // namespace circuit_tracer

#else

namespace circuit_tracer {

void outliveLostPages() {}

}  // namespace circuit_tracer

#endif
