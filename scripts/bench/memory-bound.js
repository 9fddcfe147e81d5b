/** The memory that a run requires with any algorithm: its weights, and the resulting graph. */
const { estimateMemory } = require('../../dist/memory');
const { planTranscoders } = require('../../dist/transcoder');

const float = 4;

/** The bytes of the decoder rows of active features, which are read from their files. */
function decoderRowBytes({ activeFeatures }, { kind, nLayers, dModel }) {
  let rows = 0;
  for (let i = 0; i < activeFeatures.length; i += 3) rows += kind === 'crossLayer' ? nLayers - activeFeatures[i] : 1;
  return rows * dModel * float;
}

/**
 * @param folders the folders of the model and the transcoders
 * @param options the options that they are loaded with
 * @param graph a Graph
 * @returns MiB: the model's weights, the transcoders' weights as loaded, the decoder rows read from files, and the
 * edges, [features + outputs, nodes]
 */
async function memoryBound({ model, transcoders }, options, graph) {
  const { inMemory } = (await estimateMemory({ model, transcoders }, options)).weights;
  const { spec } = await planTranscoders(transcoders);
  const loaded = Object.values(inMemory).reduce((sum, bytes) => sum + bytes, 0);
  const parts = {
    model: inMemory.model,
    transcoders: loaded - inMemory.model,
    decoderRows: inMemory.decoders > 0 ? 0 : decoderRowBytes(graph, spec),
    edges: (graph.nSelected + graph.nLogits) * graph.nNodes * float,
  };
  const inMiB = Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes / 2 ** 20]));
  return { ...inMiB, total: Object.values(inMiB).reduce((sum, part) => sum + part, 0) };
}

module.exports = { memoryBound };
