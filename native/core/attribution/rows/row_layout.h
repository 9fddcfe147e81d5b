#pragma once

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// Where the rows of a batch lie one position after another, at each only those that reach it and
// have entered, in the order they enter.
class RowLayout {
 public:
  // The position of each row, in the order they enter. None has entered.
  explicit RowLayout(const std::vector<int64_t>& position = {});

  // The first `count` rows have entered: places are new.
  void enter(int64_t count);

  int64_t entered() const { return entered_; }
  int64_t positions() const { return static_cast<int64_t>(reaching_.size()); }
  // Rows that reach position q, whether they have entered or not.
  const std::vector<int64_t>& reaching(int64_t q) const { return reaching_[q]; }

  // At position q: the place of its first row, and how many have entered.
  int64_t first(int64_t q) const { return first_[q]; }
  int64_t rowsAt(int64_t q) const { return first_[q + 1] - first_[q]; }
  const std::vector<int64_t>& firsts() const { return first_; }
  // How many of those are from row firstRow on: the last ones.
  int64_t rowsAt(int64_t q, int64_t firstRow) const;
  // Places of all that have entered.
  int64_t total() const { return first_.back(); }

  // Of the rows from firstRow on, their places at their own positions.
  std::vector<int64_t> ownPlaces(int64_t firstRow) const;
  // When every position has all rows that have entered, they stand by their own positions,
  // descending: a row's number there, and [total] of each place where that is.
  int64_t denseRow(int64_t row) const { return denseRow_[row]; }
  std::vector<int64_t> densePlaces() const;

 private:
  void rankRows();

  std::vector<int64_t> position_;
  std::vector<std::vector<int64_t>> reaching_;  // [positions] rows ascending
  std::vector<int64_t> first_;                  // [positions + 1]
  std::vector<int64_t> denseRow_;               // [entered]
  int64_t entered_ = 0;
};

}  // namespace circuit_tracer
