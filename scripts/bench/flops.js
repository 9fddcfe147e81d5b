/**
 * Floating-point operations that attribution has to do, whatever the algorithm: one backward pass of the frozen, linear
 * model per target row, down to the tokens and only over positions the row can depend on.
 *
 * A target at position q of layer l meets, in each layer below it, with m = q + 1 positions, D the model's width, H query
 * heads and K key and value heads of d numbers each:
 *
 *   2 m D H d      gradient at the heads' outputs
 *   H d m (m + 1)  mixing over positions, which only look back
 *   2 m D K d      gradient at the residual stream again
 *   2 D (N + m)    read-off: N decoder rows written at that layer at positions up to q, and m errors
 *
 * and 2 D m at the tokens. A feature reads between attention and MLP, so its own layer adds attention but no read-off; a
 * logit starts above the last layer. Rows are counted at their own position: what a batch adds by padding them to its
 * last position is not useful work and not counted.
 */

/** [layers][position]: decoder rows at a layer's output at positions up to this one. */
function decoderRowsUpTo({ activeFeatures, layers, positions, crossLayer }) {
  const rows = Array.from({ length: layers }, () => new Array(positions).fill(0));
  for (let i = 0; i < activeFeatures.length; i += 3) {
    const [source, position] = [activeFeatures[i], activeFeatures[i + 1]];
    for (let layer = source; layer < (crossLayer ? layers : source + 1); layer++) rows[layer][position]++;
  }
  for (const row of rows) for (let p = 1; p < positions; p++) row[p] += row[p - 1];
  return rows;
}

function attentionFlops({ width, heads, kvHeads, headWidth }, m) {
  return 2 * m * width * (heads + kvHeads) * headWidth + heads * headWidth * m * (m + 1);
}

/**
 * @param graph a Graph
 * @param size one of sizes.js, with crossLayer
 * @returns operations of all rows of the graph
 */
function neededFlops({ activeFeatures, selectedFeatures, logits }, size) {
  const { layers, positions, width, crossLayer } = size;
  const rows = decoderRowsUpTo({ activeFeatures, layers, positions, crossLayer });
  const ofRow = (layer, position) => {
    const m = position + 1;
    let flops = 2 * width * m;
    if (layer < layers) flops += attentionFlops(size, m);
    for (let l = 0; l < layer; l++) flops += 2 * width * (rows[l][position] + m) + attentionFlops(size, m);
    return flops;
  };
  let total = logits.length * ofRow(layers, positions - 1);
  for (const i of selectedFeatures) total += ofRow(activeFeatures[3 * i], activeFeatures[3 * i + 1]);
  return total;
}

module.exports = { neededFlops };
