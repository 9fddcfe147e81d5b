#include "test/work_counter.h"

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>
#include <c10/core/Allocator.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string_view>

namespace circuit_tracer {
namespace {

struct Counters {
  std::atomic<int64_t> flops{0}, products{0}, allocations{0}, allocatedBytes{0}, aliveBytes{0},
      peakBytes{0};

  void reset() {
    for (auto* counter : {&flops, &products, &allocations, &allocatedBytes, &aliveBytes}) {
      *counter = 0;
    }
    peakBytes = 0;
  }
  void allocated(int64_t bytes) {
    ++allocations;
    allocatedBytes += bytes;
    const int64_t alive = aliveBytes += bytes;
    int64_t peak = peakBytes;
    while (alive > peak && !peakBytes.compare_exchange_weak(peak, alive)) {
    }
  }
};

// Tensors allocated while counting may die at any later time: never destroyed.
Counters& counters() {
  static auto* all = new Counters;
  return *all;
}

// Passes on to another allocator.
class CountingAllocator : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator* inner) : inner_(inner) {}

  c10::DataPtr allocate(size_t bytes) override {
    auto memory = std::make_unique<Memory>(inner_->allocate(bytes), static_cast<int64_t>(bytes));
    counters().allocated(memory->bytes);
    void* address = memory->data.get();
    return {address, memory.release(), &release, c10::Device(c10::kCPU)};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }
  c10::Allocator* inner() const { return inner_; }

 private:
  struct Memory {
    Memory(c10::DataPtr data, int64_t bytes) : data(std::move(data)), bytes(bytes) {}
    c10::DataPtr data;
    int64_t bytes;
  };
  static void release(void* memory) {
    const std::unique_ptr<Memory> owned(static_cast<Memory*>(memory));
    counters().aliveBytes -= owned->bytes;
  }

  c10::Allocator* inner_;
};

at::CallbackHandle callback = 0;
CountingAllocator* allocator = nullptr;

// The operands of a matrix product are its last two arguments but for those that are no tensors
// and, of a variant with one, the result.
int64_t flopsOf(std::string_view name, c10::ArrayRef<const c10::IValue> inputs) {
  const bool adds = name == "aten::addmm" || name == "aten::addmm_" || name == "aten::baddbmm" ||
                    name == "aten::baddbmm_" || name == "aten::addmv" || name == "aten::addmv_";
  const bool plain =
      name == "aten::mm" || name == "aten::bmm" || name == "aten::mv" || name == "aten::dot";
  if (!adds && !plain) return 0;
  const at::Tensor& left = inputs[adds ? 1 : 0].toTensor();
  const at::Tensor& right = inputs[adds ? 2 : 1].toTensor();
  const int64_t columns = left.dim() == right.dim() && left.dim() > 1 ? right.size(-1) : 1;
  return 2 * left.numel() * columns;
}

std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& call) {
  const int64_t flops = flopsOf(call.name(), call.inputs());
  counters().flops += flops;
  if (flops > 0) ++counters().products;
  return nullptr;
}

}  // namespace

void startCountingWork() {
  counters().reset();
  callback = at::addGlobalCallback(
      at::RecordFunctionCallback(count).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  allocator = new CountingAllocator(c10::GetAllocator(c10::kCPU));
  c10::SetAllocator(c10::kCPU, allocator);
}

Work stopCountingWork() {
  at::removeCallback(callback);
  c10::SetAllocator(c10::kCPU, allocator->inner());
  const Counters& all = counters();
  return {all.flops, all.products, all.allocations, all.allocatedBytes, all.peakBytes};
}

}  // namespace circuit_tracer
