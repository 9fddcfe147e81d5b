#include "attribution/rows/row_layout.h"

#include <algorithm>
#include <numeric>

namespace circuit_tracer {
namespace {

// How many of the ascending rows come before `row`.
int64_t countBefore(const std::vector<int64_t>& rows, int64_t row) {
  return std::lower_bound(rows.begin(), rows.end(), row) - rows.begin();
}

}  // namespace

RowLayout::RowLayout(const std::vector<int64_t>& position) : position_(position) {
  if (!position_.empty()) {
    reaching_.resize(1 + *std::max_element(position_.begin(), position_.end()));
  }
  for (int64_t r = 0; r < static_cast<int64_t>(position_.size()); ++r) {
    for (int64_t q = 0; q <= position_[r]; ++q) reaching_[q].push_back(r);
  }
  enter(0);
}

void RowLayout::enter(int64_t count) {
  entered_ = count;
  sortByPosition();
  first_.assign(1, 0);
  for (const std::vector<int64_t>& rows : reaching_) {
    first_.push_back(first_.back() + countBefore(rows, count));
  }
}

// Padded columns: the entered rows by position, descending.
void RowLayout::sortByPosition() {
  std::vector<int64_t> order(entered_);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [this](int64_t a, int64_t b) { return position_[a] > position_[b]; });
  paddedColumn_.resize(entered_);
  for (int64_t rank = 0; rank < entered_; ++rank) paddedColumn_[order[rank]] = rank;
}

int64_t RowLayout::countAtFrom(int64_t firstRow, int64_t q) const {
  return countAt(q) - countBefore(reaching_[q], firstRow);
}

std::vector<int64_t> RowLayout::ownSlots(int64_t firstRow) const {
  std::vector<int64_t> slots;
  for (int64_t r = firstRow; r < entered_; ++r) {
    slots.push_back(first(position_[r]) + countBefore(reaching_[position_[r]], r));
  }
  return slots;
}

std::vector<int64_t> RowLayout::paddedSlots() const {
  std::vector<int64_t> slots;
  for (int64_t q = 0; q < positions(); ++q) {
    for (int64_t k = 0; k < countAt(q); ++k) {
      slots.push_back(q * entered_ + paddedColumn(reaching_[q][k]));
    }
  }
  return slots;
}

}  // namespace circuit_tracer
