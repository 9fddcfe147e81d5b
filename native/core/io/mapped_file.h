#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace circuit_tracer {

// A whole file mapped into memory, readable and privately writable: an in-place operation on a
// view copies the page instead of crashing the process or changing the file. Pages are read on
// first touch; the file must not be truncated while mapped.
class MappedFile {
 public:
  // Throws CodedError ERR_FILE_NOT_FOUND or ERR_FILE_READ.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  uint8_t* data() const { return data_; }
  int64_t size() const { return size_; }

  // Lets go of the memory that pages inside the range take; touched again, they are read again from
  // the file, so nothing may have been written to them.
  void release(int64_t offset, int64_t size) const;

  // The same for pages that any live mapping holds; does nothing where none does.
  static void releaseIfHeld(const void* address, int64_t size);

  // Asks for pages of a live mapping to be read ahead of their use; does nothing where none does.
  static void readAheadIfHeld(const void* address, int64_t size);

  // Whether `address` lies in any live mapping: its bytes are on disk already.
  static bool holds(const void* address);

 private:
  uint8_t* data_ = nullptr;
  int64_t size_ = 0;
};

// Maps each file once, however many tensors come from it. Mappings live as long as their tensors.
class FileMappings {
 public:
  std::shared_ptr<MappedFile> open(const std::string& path);

 private:
  std::map<std::string, std::shared_ptr<MappedFile>> files_;
};

}  // namespace circuit_tracer
