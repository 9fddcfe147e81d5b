#include "io/write_tensor.h"

#include <ATen/Functions.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "errors.h"
#include "finite.h"

namespace circuit_tracer {
namespace {

// Of the numbers taken at once, as stored or as written. LibTorch holds up to three copies of them.
constexpr int64_t kChunkBytes = int64_t{16} << 20;

// An existing file that is written to at given places.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path)
      : path_(path), descriptor_(::open(path.c_str(), O_WRONLY | O_CLOEXEC)) {
    requireDone(descriptor_ >= 0);
  }
  ~OutputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(const at::Tensor& numbers, int64_t offset) const {
    const auto* data = static_cast<const char*>(numbers.const_data_ptr());
    const auto size = static_cast<int64_t>(numbers.nbytes());
    for (int64_t done = 0; done < size;) {
      const ssize_t written = ::pwrite(descriptor_, data + done, size - done, offset + done);
      if (written < 0 && errno == EINTR) continue;
      requireDone(written > 0);
      done += written;
    }
  }

 private:
  void requireDone(bool done) const {
    require(done, "ERR_FILE_WRITE", path_, ": can't be written: ", std::strerror(errno));
  }

  std::string path_;
  int descriptor_;
};

// The same tensor with its numbers as bytes, in one more dimension: these may lie at any address.
TensorSource asBytes(TensorSource source) {
  const auto size = static_cast<int64_t>(c10::elementSize(source.dtype));
  for (ViewStep& step : source.view) {
    if (step.kind == ViewStep::Kind::Reshape) step.arguments.push_back(size);
    if (step.kind == ViewStep::Kind::Permute) {
      step.arguments.push_back(static_cast<int64_t>(step.arguments.size()));
    }
  }
  source.shape.push_back(size);
  source.dtype = at::kByte;
  return source;
}

// The rows of a tensor, some at a time, whatever the alignment of its file.
class RowReader {
 public:
  explicit RowReader(const TensorSource& source)
      : source_(source),
        aligned_(source.offset % static_cast<int64_t>(c10::elementSize(source.dtype)) == 0),
        tensor_(openTensor(aligned_ ? source : asBytes(source), files_)) {}

  std::vector<int64_t> shape() const {
    auto shape = tensor_.sizes().vec();
    if (!aligned_) shape.pop_back();
    return shape;
  }

  at::Tensor read(int64_t begin, int64_t end) const {
    const at::Tensor rows = tensor_.slice(0, begin, end);
    // A copy begins at an address fit for any number; rows that are contiguous in the file don't.
    return aligned_ ? rows
                    : rows.clone(at::MemoryFormat::Contiguous).view(source_.dtype).squeeze(-1);
  }

  void release() { releasePages(source_, files_); }
  const FileMappings& files() const { return files_; }

 private:
  const TensorSource& source_;
  FileMappings files_;
  bool aligned_;
  at::Tensor tensor_;
};

int64_t writeRows(RowReader& reader, const TensorSource& source, at::ScalarType dtype,
                  const OutputFile& output, int64_t offset, const JobControl& control) {
  const auto shape = reader.shape();
  int64_t rowNumbers = 1;
  for (size_t dim = 1; dim < shape.size(); ++dim) rowNumbers *= shape[dim];
  const int64_t rowBytes = rowNumbers * static_cast<int64_t>(c10::elementSize(dtype));
  const int64_t widest = std::max(c10::elementSize(dtype), c10::elementSize(source.dtype));
  const int64_t chunk = std::max<int64_t>(kChunkBytes / (rowNumbers * widest), 1);
  const int64_t total = shape.at(0) * rowBytes;
  for (int64_t begin = 0; begin < shape[0]; begin += chunk) {
    control.report("write", begin * rowBytes, total);
    const at::Tensor rows = reader.read(begin, std::min(begin + chunk, shape[0]));
    const at::Tensor numbers = rows.to(dtype).contiguous();
    if (source.mayBeInfinite) {
      requireSameInfinities(rows, numbers, source.name);
    } else {
      requireFiniteWeight(numbers, source.name);
    }
    output.write(numbers, offset + begin * rowBytes);
    reader.release();
  }
  control.report("write", total, total);
  return total;
}

}  // namespace

int64_t writeTensor(const TensorSource& source, at::ScalarType dtype, const std::string& file,
                    int64_t offset, const JobControl& control) {
  const OutputFile output(file);
  RowReader reader(source);
  return onUnchanged(reader.files(),
                     [&] { return writeRows(reader, source, dtype, output, offset, control); });
}

}  // namespace circuit_tracer
