/**
 * One measured run in a process of its own, so that its peak memory is its own:
 *   node scripts/bench/run-one.js ours|copied DIR OPTIONS_JSON
 * Prints one line of JSON.
 */
const fs = require('node:fs');
const path = require('node:path');
const { ReplacementModel, planTranscoders } = require('../../dist');
const { loadBuiltAddon } = require('../../dist/libtorch/load-addon');
const { openCheckpoint } = require('../../dist/model/checkpoint');
const { planModel } = require('../../dist/model/families');
const { neededFlops } = require('./flops');

const [algorithm, dir, json] = process.argv.slice(2);
const { size, batchSize, maxFeatureNodes, reference } = JSON.parse(json);
const modelDir = path.join(dir, 'model');
const transcoderDir = path.join(dir, 'transcoders');
const tokens = JSON.parse(fs.readFileSync(path.join(dir, 'tokens.json'), 'utf8'));
const peakMiB = () => Math.round(process.resourceUsage().maxRSS / 1024);
const residentMiB = () => Math.round(process.memoryUsage().rss / 2 ** 20);

async function ours() {
  const start = performance.now();
  const model = await ReplacementModel.load(modelDir, transcoderDir, { device: 'cpu' });
  const loaded = performance.now();
  const afterLoad = residentMiB();
  const graph = await model.attribute(tokens, { exactTokens: true, batchSize, maxFeatureNodes });
  const seconds = (performance.now() - loaded) / 1000;
  const result = {
    load: (loaded - start) / 1000,
    seconds,
    phases: graph.timings,
    active: graph.activeFeatures.length / 3,
    rows: graph.selectedFeatures.length,
    neededGflop: neededFlops(graph, size) / 1e9,
    residentAfterLoadMiB: afterLoad,
    peakMiB: peakMiB(),
  };
  if (reference) result.worstEdge = worstDifference(graph, JSON.parse(fs.readFileSync(reference, 'utf8')));
  await model.dispose();
  return result;
}

async function copied() {
  const { spec, weights } = planModel(await openCheckpoint(modelDir));
  const plan = await planTranscoders(transcoderDir);
  const bench = loadBuiltAddon('circuit_tracer_bench');
  const result = bench.copiedPromptAttribution(spec, weights, plan.spec, plan.layers, {
    tokens: Int32Array.from(tokens),
    zeroPositions: 1,
    maxNLogits: 10,
    desiredLogitProb: 0.95,
    batchSize,
    maxFeatureNodes,
    rankEvery: 4 * batchSize,
    devices: [],
    offload: '',
    targets: [],
  });
  if (reference) fs.writeFileSync(reference, JSON.stringify(sampleOf(result)));
  return { seconds: result.total, phases: result.seconds, rows: result.rows.length, peakMiB: peakMiB() };
}

/** Some whole rows of the other algorithm, to show that both compute the same: feature, and edges to all selected. */
function sampleOf({ rows, edges }) {
  const targets = edges.shape[0] - rows.length;
  const width = edges.shape[1];
  return Array.from({ length: Math.min(8, rows.length) }, (_, k) => {
    const row = Math.floor((k * rows.length) / 8);
    const start = (targets + row) * width;
    return { feature: rows[row], edges: [...edges.data.subarray(start, start + width)] };
  });
}

/** Largest difference over largest edge, in the sampled rows that both computed, over the sources both have. */
function worstDifference(graph, sample) {
  const rowOf = new Map([...graph.selectedFeatures].map((feature, row) => [feature, row]));
  let worst = 0;
  let largest = 0;
  for (const { feature, edges } of sample) {
    const row = rowOf.get(feature);
    if (row === undefined) continue;
    for (const [column, source] of [...graph.selectedFeatures].entries()) {
      worst = Math.max(worst, Math.abs(graph.weight(row, column) - edges[source]));
      largest = Math.max(largest, Math.abs(edges[source]));
    }
  }
  const difference = worst / largest;
  if (!(difference < 1e-4)) throw new Error(`the two algorithms disagree: ${difference} of the largest edge`);
  return difference;
}

(algorithm === 'ours' ? ours() : copied()).then((result) => console.log(JSON.stringify(result)));
