/**
 * Measures one attribution of some features for the first tokens of a prompt:
 *   node scripts/bench/run-rows.js DIR SETTINGS_JSON
 * Prints one line of JSON. `sampled` features are a seeded, uniform sample of all active ones, so that runs are
 * comparable for any prompt. They are attributed to as targets, which go through the same passes as features. `ranked`
 * features are the most influential, as in a graph, and are more often at late positions.
 */
const { ReplacementModel } = require('../../dist');
const { estimateMemory } = require('../../dist/memory');
const { Random } = require('../../dist/random');
const { ownPeakBytes } = require('../own-peak');
const { neededFlops, rowPlaces } = require('./flops');
const { readCheckpoint } = require('./make-checkpoint');

const seed = 7;

/** `count` active features as targets, each with equal probability. */
async function sampledTargets(model, tokens, count) {
  const { activations } = await model.getActivations(tokens, { sparse: true, exactTokens: true });
  const { indices } = activations;
  const random = new Random(seed);
  const waiting = Array.from({ length: indices.length / 3 }, (_, i) => i);
  return Array.from({ length: Math.min(count, waiting.length) }, (_, taken) => {
    const other = taken + Math.floor(random.uniform() * (waiting.length - taken));
    [waiting[taken], waiting[other]] = [waiting[other], waiting[taken]];
    const [layer, position, feature] = indices.subarray(3 * waiting[taken], 3 * waiting[taken] + 3);
    return { feature: { layer, position, feature } };
  });
}

const how = {
  sampled: async (model, tokens, rows) => ({ targets: await sampledTargets(model, tokens, rows), maxFeatureNodes: 1 }),
  ranked: async (_model, _tokens, rows) => ({ maxFeatureNodes: rows }),
};

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** The measurements of the rows: seconds, operations, and the average layer and position where they start. */
function measured(graph, size, choose) {
  const places = rowPlaces(graph, size);
  const flops = neededFlops(graph, size);
  const parts = choose === 'sampled' ? ['target rows'] : ['target rows', 'feature rows'];
  const rows = choose === 'sampled' ? places.targets : [...places.targets, ...places.features];
  const total = (values) => parts.reduce((sum, part) => sum + values[part], 0);
  return {
    rows: rows.length,
    seconds: total(graph.timings),
    gflop: total(flops) / 1e9,
    meanPosition: mean(rows.map(({ position }) => position)),
    meanLayer: mean(rows.map(({ layer }) => layer)),
  };
}

async function main(dir, { size, choose, rows, batchSize }) {
  const checkpoint = readCheckpoint(dir);
  const tokens = checkpoint.tokens.slice(0, size.positions);
  const model = await ReplacementModel.load(checkpoint.model, checkpoint.transcoders, { device: 'cpu' });
  const graph = await model.attribute(tokens, {
    exactTokens: true,
    batchSize,
    ...(await how[choose](model, tokens, rows)),
  });
  const peakMiB = Math.round(ownPeakBytes() / 2 ** 20);
  await model.dispose();
  const activePerToken = graph.nActive / size.positions / size.layers;
  const { attribution } = await estimateMemory(
    { model: checkpoint.model, transcoders: checkpoint.transcoders },
    { device: 'cpu', tokens: size.positions, batchSize, maxFeatureNodes: rows, activePerToken },
  );
  const promisedMiB = Math.round(attribution.peakResident / 2 ** 20);
  return { ...measured(graph, size, choose), activePerToken, peakMiB, promisedMiB };
}

const [dir, settings] = process.argv.slice(2);
main(dir, JSON.parse(settings)).then((result) => console.log(JSON.stringify(result)));
