#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <mutex>

#include "errors.h"

namespace circuit_tracer {
namespace {

// Live mappings of the process: begin -> end. Engines map and unmap on their own threads, and may
// do so while the process exits: never destroyed.
struct Mappings {
  std::mutex mutex;
  std::map<uintptr_t, uintptr_t> ranges;
};

Mappings& mappings() {
  static auto* all = new Mappings;
  return *all;
}

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  require(descriptor >= 0, errno == ENOENT ? "ERR_FILE_NOT_FOUND" : "ERR_FILE_READ",
          "can't open weight file ", path, ": ", std::strerror(errno));
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0;
  size_ = known ? status.st_size : 0;
  void* address = MAP_FAILED;
  if (size_ > 0) {
    address =
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  }
  const int failure = errno;
  ::close(descriptor);
  require(size_ > 0, "ERR_FILE_FORMAT", "weight file ", path, " is empty");
  require(address != MAP_FAILED, "ERR_FILE_READ", "can't map weight file ", path, ": ",
          std::strerror(failure));
  data_ = static_cast<uint8_t*>(address);
  const std::lock_guard<std::mutex> lock(mappings().mutex);
  const auto begin = reinterpret_cast<uintptr_t>(data_);
  mappings().ranges[begin] = begin + size_;
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(mappings().mutex);
  mappings().ranges.erase(reinterpret_cast<uintptr_t>(data_));
  ::munmap(data_, size_);
}

void MappedFile::release(int64_t offset, int64_t size) const {
  releaseIfHeld(data_ + offset, size);
}

void MappedFile::releaseIfHeld(const void* address, int64_t size) {
  if (!holds(address)) return;
  // The first and the last page may hold other tensors, too.
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(address) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(address) + size) / page * page;
  // Only advice: where it isn't followed, more memory stays in use.
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void MappedFile::readAheadIfHeld(const void* address, int64_t size) {
  if (!holds(address)) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = reinterpret_cast<uintptr_t>(address) / page * page;
  const uintptr_t end = reinterpret_cast<uintptr_t>(address) + size;
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_WILLNEED);
}

bool MappedFile::holds(const void* address) {
  const std::lock_guard<std::mutex> lock(mappings().mutex);
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  const auto& ranges = mappings().ranges;
  const auto next = ranges.upper_bound(wanted);
  if (next == ranges.begin()) return false;
  return wanted < std::prev(next)->second;
}

std::shared_ptr<MappedFile> FileMappings::open(const std::string& path) {
  auto& file = files_[path];
  if (!file) file = std::make_shared<MappedFile>(path);
  return file;
}

}  // namespace circuit_tracer
