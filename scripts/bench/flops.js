/**
 * The floating-point operations that attribution requires, whatever the algorithm: two per weight and use.
 *
 * A prompt of n positions is run through the model once. D is the width of the model, H the number of its query heads
 * and K of its key and value heads, each of width d, M the width of its gated MLPs, F the features of a layer, V the
 * vocabulary:
 *
 *   forward, a layer   4 n D (H + K) d    queries, keys, values and outputs of attention
 *                      2 H d n (n + 1)    scores and mixing over positions, which only look back
 *                      6 n D M            MLP
 *            once      2 D V              logits of the last position
 *   encode, a layer    2 n D F
 *                      2 D a decoder row  what the active features do not reconstruct
 *                      2 n D²             the skip, if the transcoders have one
 *
 * Each target row is then one backward pass of the frozen, linear model down to the tokens, only over positions that
 * the row can depend on. A target at position q of layer l passes through each layer below it, with m = q + 1
 * positions:
 *
 *   2 m D H d      gradient at the heads' outputs
 *   H d m (m + 1)  mixing over positions
 *   2 m D K d      gradient at the residual stream
 *   2 D (N + m)    edges from the N decoder rows written at that layer at positions up to q, and from m errors
 *   2 m D²         the skip, if there is one
 *
 * and 2 D m at the tokens. A feature reads between attention and MLP, so its own layer adds attention, but neither
 * edges nor a skip. A logit starts above the last layer. In the first attention, a row has a gradient at one position,
 * which each head takes back to one vector before it is spread over positions:
 *
 *   4 D H d        back through the heads' outputs and values
 *   2 m D H        spread over positions
 *
 * Rows are counted at their own position. Work from padding a batch to its last position is not counted, nor are sums,
 * norms and other operations that take one step per number.
 */

/** [layers][position]: the number of decoder rows at a layer's output at positions up to this one. */
function decoderRowsUpTo({ activeFeatures }, { layers, positions, crossLayer }) {
  const rows = Array.from({ length: layers }, () => new Array(positions).fill(0));
  for (let i = 0; i < activeFeatures.length; i += 3) {
    const [source, position] = [activeFeatures[i], activeFeatures[i + 1]];
    for (let layer = source; layer < (crossLayer ? layers : source + 1); layer++) rows[layer][position]++;
  }
  for (const row of rows) for (let p = 1; p < positions; p++) row[p] += row[p - 1];
  return rows;
}

function forwardFlops({ layers, positions: n, width, heads, kvHeads, headWidth, mlp, vocab }) {
  const projections = 4 * n * width * (heads + kvHeads) * headWidth;
  const mixing = 2 * heads * headWidth * n * (n + 1);
  return layers * (projections + mixing + 6 * n * width * mlp) + 2 * width * vocab;
}

/** @param decoderRows counts from {@link decoderRowsUpTo} */
function encodeFlops({ layers, positions: n, width, features, skip }, decoderRows) {
  const written = decoderRows.reduce((sum, row) => sum + row[n - 1], 0);
  return layers * (2 * n * width * features + (skip ? 2 * n * width ** 2 : 0)) + 2 * width * written;
}

function rowFlops({ layers, width, heads, kvHeads, headWidth, skip }, decoderRows, { layer, position }) {
  const m = position + 1;
  const firstAttention = 4 * width * heads * headWidth + 2 * m * width * heads;
  const attention = 2 * m * width * (heads + kvHeads) * headWidth + heads * headWidth * m * (m + 1);
  const passed = Math.min(layer + 1, layers);
  let flops = 2 * width * m + firstAttention + (passed - 1) * attention;
  for (let l = 0; l < layer; l++) {
    flops += 2 * width * (decoderRows[l][position] + m) + (skip ? 2 * m * width ** 2 : 0);
  }
  return flops;
}

/** The layers and positions where the rows of a graph start: those of its targets and of its selected features. */
function rowPlaces({ activeFeatures, selectedFeatures, logits }, { layers, positions }) {
  return {
    targets: logits.map(({ feature, position }) => ({
      layer: feature?.layer ?? layers,
      position: position ?? positions - 1,
    })),
    features: Array.from(selectedFeatures, (i) => ({
      layer: activeFeatures[3 * i],
      position: activeFeatures[3 * i + 1],
    })),
  };
}

/**
 * @param graph a Graph
 * @param size an entry of sizes.js, with the `positions` of the graph, `crossLayer`, and `skip` for transcoders with a
 * skip
 * @returns operations by phase, with the names of the graph's timings, without phases that only move memory
 */
function neededFlops(graph, size) {
  const rows = decoderRowsUpTo(graph, size);
  const { targets, features } = rowPlaces(graph, size);
  const total = (places) => places.reduce((sum, place) => sum + rowFlops(size, rows, place), 0);
  return {
    'forward and encode': forwardFlops(size) + encodeFlops(size, rows),
    'target rows': total(targets),
    'feature rows': total(features),
  };
}

module.exports = { neededFlops, rowPlaces };
