/**
 * Measures one run:
 *   node scripts/bench/run-one.js ours|copied|base DIR OPTIONS_JSON
 * Prints one line of JSON. `base` only loads LibTorch.
 */
const fs = require('node:fs');
const { ReplacementModel } = require('../../dist');
const { planTranscoders } = require('../../dist/transcoder');
const { binding } = require('../../dist/engine/binding');
const { loadBuiltAddon } = require('../../dist/libtorch/load-addon');
const { openCheckpoint } = require('../../dist/model/checkpoint');
const { planModel } = require('../../dist/model/families');
const { neededFlops } = require('./flops');
const { readCheckpoint } = require('./make-checkpoint');
const { memoryBound } = require('./memory-bound');
const { ownPeakBytes } = require('../own-peak');

const peakMiB = () => Math.round(ownPeakBytes() / 2 ** 20);

async function base() {
  return { libtorch: binding().libtorchVersion, peakMiB: peakMiB() };
}

async function ours(dir, { size, device, batchSize, maxFeatureNodes, offload, reference }) {
  const { tokens, ...folders } = readCheckpoint(dir);
  const start = performance.now();
  const model = await ReplacementModel.load(folders.model, folders.transcoders, { device });
  const loaded = performance.now();
  const residentAfterLoadMiB = Math.round(process.memoryUsage().rss / 2 ** 20);
  const graph = await model.attribute(tokens, { exactTokens: true, batchSize, maxFeatureNodes, offload });
  const seconds = (performance.now() - loaded) / 1000;
  const result = {
    loadSeconds: (loaded - start) / 1000,
    seconds,
    phases: graph.timings,
    active: graph.nActive,
    rows: graph.nSelected,
    neededFlops: neededFlops(graph, size),
    residentAfterLoadMiB,
    peakMiB: peakMiB(),
    ...(await peaksBeside(model, folders, graph)),
  };
  if (reference) result.worstEdge = worstDifference(graph, JSON.parse(fs.readFileSync(reference, 'utf8')));
  await model.dispose();
  return result;
}

/** The base for the peak. On a device, which holds the weights, it is the device's own peak. */
async function peaksBeside({ device }, folders, graph) {
  if (device === 'cpu') return { memoryBound: await memoryBound(folders, { device }, graph) };
  return { peakDeviceMiB: Math.round(loadBuiltAddon('circuit_tracer_bench').peakDeviceBytes(device) / 2 ** 20) };
}

async function copied(dir, { batchSize, maxFeatureNodes, reference }) {
  const { tokens, model, transcoders } = readCheckpoint(dir);
  const start = performance.now();
  const { spec, weights } = planModel(await openCheckpoint(model));
  const plan = await planTranscoders(transcoders);
  const result = loadBuiltAddon('circuit_tracer_bench').copiedPromptAttribution(spec, weights, plan.spec, plan.layers, {
    tokens: Int32Array.from(tokens),
    specialPositions: 1,
    maxNLogits: 10,
    desiredLogitProb: 0.95,
    batchSize,
    maxFeatureNodes: maxFeatureNodes ?? Number.POSITIVE_INFINITY,
    rankEvery: 4 * batchSize,
    devices: [],
    availableMemory: 0,
    mostEdgeBytes: 0,
    blockBytes: 0,
    offload: '',
    targets: [],
  });
  const loadSeconds = (performance.now() - start) / 1000 - result.total;
  fs.writeFileSync(reference, JSON.stringify(sampleOf(result)));
  return {
    loadSeconds,
    seconds: result.total,
    phases: result.seconds,
    rows: result.rows.length,
    peakMiB: peakMiB(),
  };
}

/** Some whole rows of the other algorithm, to check that both agree: features, and edges to all active ones. */
function sampleOf({ rows, edges }) {
  const targets = edges.shape[0] - rows.length;
  const width = edges.shape[1];
  return Array.from({ length: Math.min(8, rows.length) }, (_, k) => {
    const row = Math.floor((k * rows.length) / 8);
    const start = (targets + row) * width;
    return { feature: rows[row], edges: [...edges.data.subarray(start, start + width)] };
  });
}

/** The largest difference divided by the largest edge, in the sampled rows and the sources that both computed. */
function worstDifference(graph, sample) {
  const rowOf = new Map([...graph.selectedFeatures].map((feature, row) => [feature, row]));
  let worst = 0;
  let largest = 0;
  for (const { feature, edges } of sample) {
    const row = rowOf.get(feature);
    if (row === undefined) continue;
    for (const [column, source] of graph.selectedFeatures.entries()) {
      worst = Math.max(worst, Math.abs(graph.weight(row, column) - edges[source]));
      largest = Math.max(largest, Math.abs(edges[source]));
    }
  }
  const difference = worst / largest;
  if (!(difference < 1e-4)) throw new Error(`the two algorithms disagree: ${difference} of the largest edge`);
  return difference;
}

const [algorithm, dir, settings] = process.argv.slice(2);
const runs = { base, ours, copied };
runs[algorithm](dir, settings && JSON.parse(settings)).then((result) => console.log(JSON.stringify(result)));
