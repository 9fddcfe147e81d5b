#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "errors.h"
#include "io/mapped_ranges.h"

namespace circuit_tracer {

// What tells a file that was written to from one that wasn't.
struct FileState {
  int64_t size = 0;
  int64_t modifiedSeconds = 0, modifiedNanoseconds = 0;

  bool operator==(const FileState&) const = default;
};

// A whole file mapped into memory, readable and privately writable: an in-place operation on a
// view copies the page instead of crashing the process or changing the file. Pages are read on
// first touch. A file that is cut short or written to meanwhile doesn't end the process: its lost
// pages read as zeros, and requireUnchanged throws. Renaming another over it, or deleting it,
// changes nothing here.
class MappedFile {
 public:
  // Throws CodedError ERR_FILE_NOT_FOUND or ERR_FILE_READ.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  uint8_t* data() const { return data_; }
  int64_t size() const { return state_.size; }

  // Throws CodedError ERR_FILE_CHANGED when the file has been written to since it was mapped, or
  // pages of it couldn't be read. Costs one fstat.
  void requireUnchanged() const;

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
  std::string path_;
  int descriptor_ = -1;  // kept open: after a rename the path names another file
  FileState state_;
  uint8_t* data_ = nullptr;
  MappedRange* range_ = nullptr;
};

// Files that tensors look into. Those that no tensor looks into any more are left out by
// themselves.
class WeightFiles {
 public:
  void add(const std::shared_ptr<MappedFile>& file) { files_.push_back(file); }
  void add(const WeightFiles& others) {
    files_.insert(files_.end(), others.files_.begin(), others.files_.end());
  }
  // Throws as MappedFile::requireUnchanged.
  void requireUnchanged() const;

 private:
  std::vector<std::weak_ptr<MappedFile>> files_;
};

// Maps each file once, however many tensors come from it. Mappings live as long as their tensors.
class FileMappings {
 public:
  std::shared_ptr<MappedFile> open(const std::string& path);
  // All files opened, to be watched from now on without being kept open.
  WeightFiles opened() const;
  // Throws as MappedFile::requireUnchanged.
  void requireUnchanged() const;

 private:
  std::map<std::string, std::shared_ptr<MappedFile>> files_;
};

// Runs `work` on numbers of `files` (anything with requireUnchanged). When a file changed
// meanwhile, that is the error, whatever it led to; only ABORT_ERR stays.
template <typename Files, typename Work>
auto onUnchanged(const Files& files, Work&& work) {
  try {
    auto result = work();
    files.requireUnchanged();
    return result;
  } catch (const CodedError& error) {
    if (error.code() != "ABORT_ERR") files.requireUnchanged();
    throw;
  } catch (...) {
    files.requireUnchanged();
    throw;
  }
}

}  // namespace circuit_tracer
