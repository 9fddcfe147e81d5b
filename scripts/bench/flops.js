/**
 * Floating-point operations that attribution has to do, whatever the algorithm: two per weight and use.
 *
 * A prompt of n positions goes through the model once; D is the model's width, H its query heads and K its key and value
 * heads of d numbers each, M the width of its gated MLPs, F the features of a layer, V the vocabulary:
 *
 *   forward, a layer   4 n D (H + K) d    queries, keys, values and outputs of attention
 *                      2 H d n (n + 1)    scores and mixing over positions, which only look back
 *                      6 n D M            MLP
 *            once      2 D V              logits of the last position
 *   encode, a layer    2 n D F
 *                      2 D a decoder row  what the active features leave unexplained
 *                      2 n D²             the skip, where the transcoders have one
 *
 * Each target row then is one backward pass of the frozen, linear model, down to the tokens and only over positions the row
 * can depend on. A target at position q of layer l meets, in each layer below it, with m = q + 1 positions:
 *
 *   2 m D H d      gradient at the heads' outputs
 *   H d m (m + 1)  mixing over positions
 *   2 m D K d      gradient at the residual stream again
 *   2 D (N + m)    read-off: N decoder rows written at that layer at positions up to q, and m errors
 *   2 m D²         the skip, where there is one
 *
 * and 2 D m at the tokens. A feature reads between attention and MLP, so its own layer adds attention but neither read-off
 * nor skip; a logit starts above the last layer. In the first attention a row has a gradient at one position, which each head
 * takes back to one vector before that is spread over positions:
 *
 *   4 D H d        back through the heads' outputs and values
 *   2 m D H        spread over positions
 *
 * Rows are counted at their own position: what a batch adds by padding them to its last position is not useful work and not
 * counted, nor are sums, norms and other work of one operation a number.
 */

/** [layers][position]: decoder rows at a layer's output at positions up to this one. */
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

/** @param decoderRows as {@link decoderRowsUpTo} counts them */
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

/** Where the rows of a graph enter: its targets' and its selected features'. */
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
 * @param size one of sizes.js, with `positions` of the graph, `crossLayer`, and `skip` for transcoders with a skip
 * @returns operations by phase, named as in the graph's timings; phases that only move memory are left out
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
