#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/bus_errors.h"

namespace circuit_tracer {
namespace {

// Zeros when the file can't be looked at, which is no state of a file that could be mapped.
FileState stateOf(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return {};
#ifdef __APPLE__
  const timespec& modified = status.st_mtimespec;
#else
  const timespec& modified = status.st_mtim;
#endif
  return {status.st_size, modified.tv_sec, modified.tv_nsec};
}

}  // namespace

MappedFile::MappedFile(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  require(descriptor_ >= 0, errno == ENOENT ? "ERR_FILE_NOT_FOUND" : "ERR_FILE_READ",
          "can't open weight file ", path, ": ", std::strerror(errno));
  state_ = stateOf(descriptor_);
  void* address = MAP_FAILED;
  if (state_.size > 0) {
    address = ::mmap(nullptr, state_.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                     descriptor_, 0);
  }
  if (address == MAP_FAILED) {
    const int failure = errno;
    ::close(descriptor_);
    require(state_.size > 0, "ERR_FILE_FORMAT", "weight file ", path, " is empty");
    require(false, "ERR_FILE_READ", "can't map weight file ", path, ": ", std::strerror(failure));
  }
  data_ = static_cast<uint8_t*>(address);
  outliveLostPages();
  const auto begin = reinterpret_cast<uintptr_t>(data_);
  range_ = &addRange(begin, begin + state_.size);
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  removeRange(*range_);
  ::munmap(data_, state_.size);
  ::close(descriptor_);
}

void MappedFile::requireUnchanged() const {
  const FileState found = stateOf(descriptor_);
  if (found == state_ && !range_->isLost) return;
  std::string change = "parts of it can no longer be read";
  if (found.size != state_.size) {
    change = "it had " + std::to_string(state_.size) + " bytes and has " +
             std::to_string(found.size) + " now";
  } else if (!(found == state_)) {
    change = "it was written to";
  }
  throw CodedError("ERR_FILE_CHANGED",
                   path_ + " changed while it was in use (" + change +
                       "), so what is computed from it can't be trusted. Load it again. To replace "
                       "a file in use, write another and rename it over the old one");
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
  return findRange(reinterpret_cast<uintptr_t>(address)) != nullptr;
}

void WeightFiles::requireUnchanged() const {
  for (const auto& file : files_) {
    if (const auto used = file.lock()) used->requireUnchanged();
  }
}

std::shared_ptr<MappedFile> FileMappings::open(const std::string& path) {
  const auto found = files_.find(path);
  if (found != files_.end()) return found->second;
  return files_.emplace(path, std::make_shared<MappedFile>(path)).first->second;
}

WeightFiles FileMappings::opened() const {
  WeightFiles files;
  for (const auto& [path, file] : files_) files.add(file);
  return files;
}

void FileMappings::requireUnchanged() const {
  for (const auto& [path, file] : files_) file->requireUnchanged();
}

}  // namespace circuit_tracer
