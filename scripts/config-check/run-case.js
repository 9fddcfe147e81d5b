/** Runs a model folder as transformers did, for compare.js and the frozen cases of test/integration/parity. */

/** Transcoders that are never asked: a model is loaded with some. */
const unused = ({ nLayers, dModel }) => ({
  kind: 'perLayer',
  nLayers,
  dModel,
  nFeatures: Array(nLayers).fill(1),
  featureInputHook: 'mlp.hook_in',
  featureOutputHook: 'hook_mlp_out',
  activation: 'relu',
  k: 0,
  hasSkip: false,
  scan: '',
  modelName: '',
});

/**
 * @param library { openModelPlan, NativeModel, transcoderWeights, resolveLoadOptions, Random }, of lib/ or dist/
 * @returns {Promise<{ residuals: Float32Array[], logits: Float32Array }>} before and after every layer
 */
async function runFolder(library, folder, tokens) {
  const { spec, weights } = await library.openModelPlan(folder);
  const transcoders = unused(spec);
  const layers = library.transcoderWeights(transcoders, [], new library.Random(0));
  const options = library.resolveLoadOptions({ device: 'cpu', threads: 1 });
  const model = await library.NativeModel.load(spec, weights, { spec: transcoders, layers }, options);
  try {
    const after = Array.from({ length: spec.nLayers }, (_, layer) => `blocks.${layer}.hook_resid_post`);
    const hooks = ['blocks.0.hook_resid_pre', ...after];
    const { logits, activations } = await model.run((engine, transformer) =>
      engine.forward(transformer, Int32Array.from(tokens), hooks),
    );
    // Copied: they are views of native memory.
    return { residuals: hooks.map((hook) => activations[hook].data.slice()), logits: logits.data.slice() };
  } finally {
    await model.dispose();
  }
}

/** The largest difference over all arrays, each in parts of the largest number expected of it. */
function largestError(found, expected) {
  const size = expected.residuals.length / found.residuals.length;
  const parts = found.residuals.map((_, i) => expected.residuals.subarray(i * size, (i + 1) * size));
  const errors = found.residuals.map((array, i) => relativeError(array, parts[i]));
  return Math.max(...errors, relativeError(found.logits, expected.logits));
}

function relativeError(found, expected) {
  if (found.length !== expected.length) return Infinity;
  let [difference, largest] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    difference = Math.max(difference, Math.abs(found[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return Number.isFinite(difference) ? difference / largest : Infinity;
}

/** Of the largest number of each array. Both sides sum in float32, in another order. */
const tolerance = 1e-5;

module.exports = { runFolder, largestError, tolerance };
