#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "attribution/edges/edge_memory.h"
#include "attribution/local_model/source_columns.h"
#include "attribution/targets.h"
#include "graph/influence.h"
#include "graph/row_blocks.h"
#include "transcoder/sparse_features.h"

namespace circuit_tracer {

// The rows of a graph as they are computed: feature rows in the order they were chosen, then target
// rows.
//
// As long as features remain to be chosen, ranking them needs whole rows. These are kept packed: a
// row depends only on what lies below its layer and not after its position, a quarter of all
// sources on average. Packed numbers are its features in final order, their layers' errors, and the
// tokens. Once all features are chosen, the columns of the finished graph are known. Then the
// packed rows move into its rectangle, and further rows go straight there.
class EdgeTable {
 public:
  // Exactly nRows features will be chosen; when these are all, they have their rows already. Throws
  // CodedError ERR_OUT_OF_MEMORY before anything is computed when all rows and the rectangle do not
  // fit into the memory there is.
  EdgeTable(const SparseFeatures& features, const Targets& targets, const SourceColumns& columns,
            int64_t nRows, const EdgeMemory& memory);

  // Chooses these features and makes room for their rows, unless they have it. Throws CodedError
  // ERR_OUT_OF_MEMORY.
  void reserve(const std::vector<int64_t>& features);
  int64_t rowOfTarget(int64_t target) const { return nRows_ + target; }
  int64_t rowOfFeature(int64_t feature) const { return featureRow_[feature]; }
  // The target or feature of a row that there is room for.
  int64_t targetOfRow(int64_t row) const { return row - nRows_; }
  int64_t featureOfRow(int64_t row) const { return addedFeature_[row]; }
  int64_t layerOfRow(int64_t row) const;
  int64_t positionOfRow(int64_t row) const;

  // Stores a row. atPosition[q] points to its numbers at position q, for each q up to its own; only
  // numbers that the row can depend on are read. Different rows may be filled at the same time.
  // Throws CodedError ERR_NUMERIC.
  void fill(int64_t row, const std::vector<const float*>& atPosition);

  // The `count` features without a row that influence the targets most through the rows so far.
  std::vector<int64_t> mostInfluential(int64_t count) const;

  // Features that have a row, ascending.
  std::vector<int64_t> selected() const;
  // [S + K, S + rest + K] in final order, once all rows are filled.
  OwnedRowBlocks takeRectangle() { return std::move(rectangle_); }

 private:
  // The packed rows of one `reserve`.
  struct PackedBlock {
    std::unique_ptr<float[]> numbers;
    int64_t firstRow, endRow;
  };

  int64_t size() const { return nRows_ + targets_.size(); }
  bool allChosen() const { return static_cast<int64_t>(addedFeature_.size()) == nRows_; }
  int64_t packedSize(int64_t row) const;
  int64_t packedSizeAt(int64_t layer, int64_t position) const;
  int64_t width(int64_t nRows) const;
  double bytesFor(int64_t nRows, double packedNumbers) const;
  void reservePacked(int64_t firstRow, int64_t endRow);
  void moveToRectangle();
  float* rectangleRow(int64_t row) const;
  double pack(int64_t row, const std::vector<const float*>& atPosition, float* packed) const;
  void unpack(int64_t row, const float* packed) const;
  void addPacked(const std::vector<WeightedRow>& rows, int64_t layer,
                 std::vector<double>& influence) const;
  void requireRoom() const;

  const SparseFeatures& features_;
  const Targets& targets_;
  const SourceColumns& columns_;
  int64_t nRows_;
  EdgeMemory memory_;
  std::vector<PackedBlock> blocks_;     // until all features are chosen
  std::vector<float*> packed_;          // [nRows + K] into the blocks
  std::vector<int64_t> columnFeature_;  // [nRows] ascending, once all features are chosen
  OwnedRowBlocks rectangle_;            // likewise
  std::vector<double> rowSums_;         // of absolute values
  std::vector<int64_t> featureRow_;     // row of each feature, -1 without one
  std::vector<int64_t> addedFeature_;   // feature of each row
};

}  // namespace circuit_tracer
