/** What a run has to hold in memory at once, whatever the algorithm: its weights, and the graph it hands over. */
const { estimateMemory } = require('../../dist');

const float = 4;

/**
 * @param folders of the model and the transcoders
 * @param options they are loaded with
 * @param graph a Graph
 * @returns MiB: the model's weights and the transcoders' as loaded (decoders stay in their files unless asked for), and
 *   edges, [features + outputs, nodes]
 */
async function memoryBound({ model, transcoders }, options, graph) {
  const { inMemory } = (await estimateMemory({ model, transcoders }, options)).weights;
  const loaded = Object.values(inMemory).reduce((sum, bytes) => sum + bytes, 0);
  const parts = {
    model: inMemory.model,
    transcoders: loaded - inMemory.model,
    edges: (graph.nSelected + graph.nLogits) * graph.nNodes * float,
  };
  const inMiB = Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes / 2 ** 20]));
  return { ...inMiB, total: inMiB.model + inMiB.transcoders + inMiB.edges };
}

module.exports = { memoryBound };
