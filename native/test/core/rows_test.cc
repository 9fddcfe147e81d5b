#include "attribution/rows/edge_blocks.h"
#include "attribution/rows/row_batches.h"
#include "attribution/rows/row_layout.h"
#include "test/core/check.h"

namespace circuit_tracer::test {
namespace {

// The batch that row_layout.h draws.
void layout() {
  RowLayout rows({2, 0, 1});
  expectEqual(rows.firsts(), {0, 0, 0, 0});
  rows.enter(2);
  expectEqual(rows.firsts(), {0, 2, 3, 4});
  rows.enter(3);
  expectEqual(rows.firsts(), {0, 3, 5, 6});
  expectEqual(rows.ownSlots(0), {5, 1, 4});
  expectEqual(rows.ownSlots(2), {4});
  expectEqual(rows.paddedSlots(), {0, 2, 1, 3, 4, 6});
}

// Features 3 at (layer 0, position 1) and 5, 8 at (1, 0), in 2 layers and 2 positions.
SourceColumns threeFeatures() {
  SparseFeatures features;
  features.layer = {0, 1, 1};
  features.position = {1, 0, 0};
  features.feature = {3, 5, 8};
  features.value = {1, 1, 1};
  return layOutColumns(features, 2, 2);
}

void columns() {
  const SourceColumns columns = threeFeatures();
  expectEqual(columns.tokenAt, {4, 3});  // 2 features and 2 errors before it; 1 and 2
  expectEqual<int64_t>(
      {columns.errorAt(0, 0), columns.errorAt(0, 1), columns.errorAt(1, 0), columns.errorAt(1, 1)},
      {0, 3, 1, 2});
  expectEqual<int64_t>({columns.featuresBelow(1), columns.featuresWithin(2, 0),
                        columns.featuresWithin(2, 1), columns.total()},
                       {1, 2, 3, 9});
}

void edgeBlocks() {
  RowLayout rows({1, 0});
  rows.enter(2);
  const EdgeBlocks blocks(rows, threeFeatures());
  expectEqual<int64_t>({blocks.total()}, {2 * 5 + 1 * 4});
  const std::vector<float> numbers(blocks.total());
  const float* edges = numbers.data();
  const auto byRow = blocks.byRow(edges, 2);
  expectEqual<int64_t>({byRow[0][0] - edges, byRow[0][1] - edges, byRow[1][0] - edges}, {0, 10, 5});
}

void batches() {
  std::vector<PendingRow> rows;
  for (int64_t i = 0; i < 40; ++i) rows.push_back({i, i % 2, 99});
  const auto batches = planBatches(rows, {.rows = 30, .positions = 2000});
  std::vector<int64_t> sizes;
  for (const auto& batch : batches) sizes.push_back(static_cast<int64_t>(batch.size()));
  expectEqual(sizes, {20, 20});
  expectEqual<int64_t>({batches[0][0].entryLayer, batches[1][19].entryLayer}, {1, 0});
}

}  // namespace

std::vector<Test> rowTests() {
  return {{"rows lie ragged and padded as the drawing says", layout},
          {"columns lie position by position, and in final order", columns},
          {"edges of a batch lie in one block per position", edgeBlocks},
          {"rows are cut into batches by layer and by rows times positions", batches}};
}

}  // namespace circuit_tracer::test
