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

constexpr int64_t kChunkBytes = int64_t{64} << 20;

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

}  // namespace

int64_t writeTensor(const TensorSource& source, at::ScalarType dtype, const std::string& file,
                    int64_t offset, const JobControl& control) {
  FileMappings files;
  const OutputFile output(file);
  const at::Tensor tensor = openTensor(source, files);
  const int64_t rows = tensor.dim() == 0 ? 1 : tensor.size(0);
  const int64_t rowBytes =
      std::max<int64_t>(tensor.numel() / std::max<int64_t>(rows, 1), 1) * c10::elementSize(dtype);
  const int64_t chunk = std::max<int64_t>(kChunkBytes / rowBytes, 1);
  const int64_t total = tensor.numel() * static_cast<int64_t>(c10::elementSize(dtype));
  for (int64_t begin = 0; begin < rows; begin += chunk) {
    control.report("write", begin * rowBytes, total);
    const int64_t end = std::min(begin + chunk, rows);
    const at::Tensor numbers =
        (tensor.dim() == 0 ? tensor : tensor.slice(0, begin, end)).to(dtype).contiguous();
    requireFiniteWeight(numbers, source.name);
    output.write(numbers, offset + begin * rowBytes);
    releasePages(source, files);
  }
  control.report("write", total, total);
  return total;
}

}  // namespace circuit_tracer
