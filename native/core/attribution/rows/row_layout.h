#pragma once

#include <cstdint>
#include <vector>

namespace circuit_tracer {

// Where the rows of a batch lie. Row r has a gradient at positions 0 .. position[r] only, and only
// once it has entered. Rows 0, 1, 2 with positions 2, 0, 1, all entered:
//
//            q = 0   q = 1   q = 2
//   row 0      x       x       x
//   row 1      x
//   row 2      x       x
//
//   ragged:  | 0 1 2 | 0 2 | 0 |           total() = 6 slots; rows in the order they enter
//   padded:  | 0 2 1 | 0 2 . | 0 . . |     positions() * entered() slots; rows by position,
//                                          descending, so that those reaching q come first
//
// The gradient and everything computed from it lie ragged. Only mixing by attention, which is one
// product over positions for all rows, needs them padded.
class RowLayout {
 public:
  // The position of each row, in the order they enter. None has entered.
  explicit RowLayout(const std::vector<int64_t>& position = {});

  // The first `count` rows have entered. All slots change.
  void enter(int64_t count);

  int64_t entered() const { return entered_; }
  int64_t positions() const { return static_cast<int64_t>(reaching_.size()); }
  // Rows that reach position q, whether they have entered or not.
  const std::vector<int64_t>& reaching(int64_t q) const { return reaching_[q]; }

  // Ragged slots of position q: the first, and how many there are.
  int64_t first(int64_t q) const { return first_[q]; }
  int64_t countAt(int64_t q) const { return first_[q + 1] - first_[q]; }
  const std::vector<int64_t>& firsts() const { return first_; }
  // How many of them are of rows from firstRow on: the last ones.
  int64_t countAtFrom(int64_t firstRow, int64_t q) const;
  int64_t total() const { return first_.back(); }

  // Ragged slots of the rows from firstRow on at their own positions.
  std::vector<int64_t> ownSlots(int64_t firstRow) const;

  // The column of a row in the padded layout, and the padded slot of each ragged one, [total].
  int64_t paddedColumn(int64_t row) const { return paddedColumn_[row]; }
  std::vector<int64_t> paddedSlots() const;

 private:
  void sortByPosition();

  std::vector<int64_t> position_;
  std::vector<std::vector<int64_t>> reaching_;  // [positions] rows ascending
  std::vector<int64_t> first_;                  // [positions + 1]
  std::vector<int64_t> paddedColumn_;           // [entered]
  int64_t entered_ = 0;
};

}  // namespace circuit_tracer
