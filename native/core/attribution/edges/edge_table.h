#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "attribution/edges/edge_memory.h"
#include "attribution/local_model/source_columns.h"
#include "attribution/targets.h"
#include "graph/influence.h"
#include "graph/row_blocks.h"
#include "transcoder/sparse_features.h"

namespace circuit_tracer {

// The rows of a graph as they are computed: feature rows in the order they were chosen, then
// target rows. A row depends on what is below its layer and not after its position, a quarter of
// all sources on average, and is kept packed: those features in final order, their layers' errors,
// the tokens. Where all features get rows, these go straight into the rectangle.
class EdgeTable {
 public:
  // Exactly nRows features will be chosen. When these are all, they have their rows already.
  // Throws CodedError ERR_OUT_OF_MEMORY, as `reserve` and `takeRectangle` do; before anything is
  // computed when all rows and the rectangle will not fit into the memory there is.
  EdgeTable(const SparseFeatures& features, const Targets& targets, const SourceColumns& columns,
            int64_t nRows, const EdgeMemory& memory);

  // Makes room for the rows of these features, unless they have it.
  void reserve(const std::vector<int64_t>& features);
  int64_t rowOfTarget(int64_t target) const { return nRows_ + target; }
  int64_t rowOfFeature(int64_t feature) const { return featureRow_[feature]; }
  // What a row is of, once there is room for it.
  int64_t targetOfRow(int64_t row) const { return row - nRows_; }
  int64_t featureOfRow(int64_t row) const { return addedFeature_[row]; }
  int64_t layerOfRow(int64_t row) const;
  int64_t positionOfRow(int64_t row) const;

  // Stores a row of which the numbers at each position up to its own are given, and only what it
  // can depend on is read. Different rows may be filled at the same time. Throws CodedError
  // ERR_NUMERIC.
  void fill(int64_t row, const std::vector<const float*>& atPosition);

  // The `count` features without a row that influence the targets most through the rows so far.
  std::vector<int64_t> mostInfluential(int64_t count) const;

  // Features that have a row, ascending.
  std::vector<int64_t> selected() const;
  // [S + K, S + rest + K] in final order, for the selected features only. Empties the table.
  OwnedRowBlocks takeRectangle();

 private:
  int64_t size() const { return nRows_ + targets_.size(); }
  bool takesAll() const { return nRows_ == features_.size(); }
  int64_t packedSize(int64_t row) const;
  int64_t packedSizeAt(int64_t layer, int64_t position) const;
  int64_t width(int64_t nRows) const;
  double bytesFor(int64_t nRows, double packedNumbers) const;
  void reservePacked(int64_t firstRow, int64_t endRow);
  double pack(int64_t row, const std::vector<const float*>& atPosition, float* packed) const;
  void unpack(int64_t row, const float* packed, const std::vector<int64_t>& chosen,
              float* to) const;
  void addPacked(const std::vector<WeightedRow>& rows, int64_t layer,
                 std::vector<double>& influence) const;
  void requireRoom() const;
  OwnedRowBlocks emptyRectangle() const;

  const SparseFeatures& features_;
  const Targets& targets_;
  const SourceColumns& columns_;
  int64_t nRows_;
  EdgeMemory memory_;
  OwnedRowBlocks rectangle_;                      // where all features get rows
  std::vector<std::unique_ptr<float[]>> blocks_;  // memory of packed rows, where not
  std::vector<float*> packed_;                    // [nRows + K]
  std::vector<double> rowSums_;                   // of absolute values
  std::vector<int64_t> featureRow_;               // row of each feature, -1 without one
  std::vector<int64_t> addedFeature_;             // feature of each row
};

}  // namespace circuit_tracer
