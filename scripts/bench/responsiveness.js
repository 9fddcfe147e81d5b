#!/usr/bin/env node
/**
 * Measures how long the event loop is delayed while calls run, and how soon a cancelled call ends:
 *
 *   npm run bench:responsiveness -- [--aborts 20] [--sizes demo,small,medium] [--dir FOLDER] [--json FILE]
 *
 * Prints three tables: delays of the event loop, the time from abort() to the rejection of queued calls, and the same
 * for running calls that are stopped at random moments.
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { Option } = require('commander');
const { Graph, ReplacementModel, verifyGraph, writeGraphFiles } = require('../../dist');
const { Random } = require('../../dist/random');
const { benchmark, positive, runBenchmark } = require('./command-line');
const { checkpointFolder, makeCheckpoint, readCheckpoint } = require('./make-checkpoint');
const { sizes } = require('./sizes');
const { fixed, textTable } = require('./text-table');

const milliseconds = (value) => fixed(value, 1);
/** The timer that samples the loop runs once a millisecond. */
const sampleEvery = 1;

/** The delays of the loop during `work`, in milliseconds. */
async function delaysOf(what, work) {
  const histogram = monitorEventLoopDelay({ resolution: sampleEvery });
  const start = performance.now();
  histogram.enable();
  const result = await work();
  // A delay is recorded once the loop is free again.
  await new Promise((resolve) => setTimeout(resolve, 5));
  histogram.disable();
  const inMilliseconds = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - sampleEvery);
  const [p50, p99] = [50, 99].map((share) => inMilliseconds(histogram.percentile(share)));
  const row = { what, p50, p99, max: inMilliseconds(histogram.max), total: performance.now() - start };
  return { row, result };
}

function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

/** The time from the abort to the rejection. Undefined if the call had already ended. */
async function abortLatency(call, wait) {
  const controller = new AbortController();
  let aborted;
  const timer = setTimeout(() => {
    aborted = performance.now();
    controller.abort();
  }, wait);
  try {
    await call({ signal: controller.signal });
  } catch (error) {
    if (error.code !== 'ABORT_ERR') throw error;
    return performance.now() - aborted;
  } finally {
    clearTimeout(timer);
  }
  return undefined;
}

async function abortsOf(where, name, call, { aborts, random }) {
  const start = performance.now();
  await call({});
  const seconds = (performance.now() - start) / 1000;
  const latencies = [];
  for (let i = 0; i < aborts; i++) {
    const latency = await abortLatency(call, random.uniform() * seconds * 1000);
    if (latency !== undefined) latencies.push(latency);
  }
  return { where, name, seconds, ...quantiles(latencies) };
}

/** A model, a prompt that fills it, and its graph. */
async function opened(name, dir) {
  if (name === 'demo') {
    const model = await ReplacementModel.load('demo', undefined, { device: 'cpu' });
    const tokens = Array.from({ length: 100 }, (_, i) => 3 + ((i * 37) % 400));
    return { model, tokens, graph: await model.attribute(tokens, { exactTokens: true, maxFeatureNodes: 3000 }) };
  }
  const folder = checkpointFolder(dir, 'per-layer', sizes[name]);
  await makeCheckpoint(folder, 'per-layer', sizes[name]);
  const { model: modelFolder, transcoders, tokens } = readCheckpoint(folder);
  const model = await ReplacementModel.load(modelFolder, transcoders, { device: 'cpu' });
  return { model, tokens, graph: await model.attribute(tokens, { exactTokens: true, maxFeatureNodes: 5000 }) };
}

const runningCalls = ({ model, tokens, graph }) => ({
  attribute: (call) => model.attribute(tokens, { exactTokens: true, maxFeatureNodes: 5000, ...call }),
  setupAttribution: (call) => model.setupAttribution(tokens, { exactTokens: true, ...call }),
  forward: (call) => model.forward(tokens, { exactTokens: true, ...call }),
  intervene: (call) => model.intervene(tokens, [], { exactTokens: true, ...call }),
  featureLogits: (call) => model.featureLogits(0, 10, call),
  verify: (call) => verifyGraph(graph, model, { samples: 4, ...call }),
  prune: (call) => graph.prune(call),
  totalEffects: (call) => graph.totalEffects(call),
});

async function runningAborts(names, options) {
  const rows = [];
  for (const name of names) {
    const parts = await opened(name, options.dir);
    for (const [call, run] of Object.entries(runningCalls(parts))) {
      rows.push(await abortsOf(name, call, run, options));
    }
    await parts.model.dispose();
  }
  return rows;
}

async function queuedCancels({ model, tokens }, count) {
  const busy = new AbortController();
  const running = model.attribute(tokens, { exactTokens: true, batchSize: 1, signal: busy.signal });
  const over = running.catch(() => undefined);
  const latencies = [];
  for (let i = 0; i < count; i++) {
    latencies.push(await abortLatency((call) => model.forward(tokens, { exactTokens: true, ...call }), 1));
  }
  busy.abort();
  await over;
  return { where: 'queue', name: 'forward', ...quantiles(latencies.filter((latency) => latency !== undefined)) };
}

/** A megabyte of text exceeds the model's positions, so it is tokenised and then rejected. */
async function tokenise(model) {
  const text = 'The old ferry crosses the river near Dallas. '.repeat(2 ** 20 / 45);
  await model.forward(text).catch((error) => {
    if (error.code !== 'ERR_INVALID_PROMPT') throw error;
  });
}

/** Operations on a graph with about a hundred megabytes of edges, in a temporary folder. */
async function graphDelays({ model, graph }, folder) {
  const rows = [];
  const measure = async (what, work) => {
    const { row, result } = await delaysOf(what, work);
    rows.push(row);
    return result;
  };
  for (const extension of ['safetensors', 'pt']) {
    const file = path.join(folder, `graph.${extension}`);
    await measure(`save .${extension}`, () => graph.save(file));
    await measure(`load .${extension}`, () => Graph.load(file));
  }
  const pruned = await measure('prune', () => graph.prune({ nodeThreshold: 1, edgeThreshold: 0.9 }));
  const written = await measure('write a graph file', () =>
    writeGraphFiles(pruned, { slug: 'large', directory: folder }),
  );
  rows.at(-1).what += `, ${Math.round(written.bytes / 1e6)} MB`;
  await measure('verify, 8 samples', () => verifyGraph(graph, model, { samples: 8 }));
  return rows;
}

async function measure({ aborts, sizes: names, dir, json }) {
  // This comes first, because LibTorch is only loaded once per process.
  const first = await delaysOf('first load', () => ReplacementModel.load('demo', undefined, { device: 'cpu' }));
  const demo = first.result;
  const delays = [first.row, (await delaysOf('1 MB of text', () => tokenise(demo))).row];
  await demo.dispose();
  const largest = await opened(names.at(-1), dir);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'circuit-tracer-responsiveness-'));
  try {
    delays.push(...(await graphDelays(largest, folder)));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  const queued = [await queuedCancels(largest, aborts)];
  await largest.model.dispose();
  const running = await runningAborts(names, { aborts, dir, random: new Random(1) });
  print({ delays, queued, running });
  if (json) {
    const { reportHead } = require('./machine');
    fs.writeFileSync(json, JSON.stringify({ ...reportHead('bench:responsiveness'), delays, queued, running }, null, 2));
  }
}

function print({ delays, queued, running }) {
  const delayColumns = [
    ['event loop waits (ms)', ({ what }) => what],
    ['p50', ({ p50 }) => milliseconds(p50)],
    ['p99', ({ p99 }) => milliseconds(p99)],
    ['max', ({ max }) => milliseconds(max)],
    ['in all', ({ total }) => milliseconds(total)],
  ];
  const abortColumns = [
    ['abort to rejection (ms)', ({ where, name }) => `${where}: ${name}`],
    ['aborts', ({ count }) => count],
    ['p50', ({ p50 }) => milliseconds(p50)],
    ['p99', ({ p99 }) => milliseconds(p99)],
    ['max', ({ max }) => milliseconds(max)],
    ['call takes (s)', ({ seconds }) => fixed(seconds, 2)],
  ];
  console.log(`${textTable(delayColumns, delays)}\n\n${textTable(abortColumns, [...queued, ...running])}`);
}

const program = benchmark('bench:responsiveness', 'measure delays of the event loop, and how soon cancelled calls end')
  .option('--aborts <times>', 'number of aborts for each call', positive, 20)
  .addOption(
    new Option('--sizes <names>', 'sizes of models, separated by commas; graphs use the last')
      .default(['demo', 'small', 'medium'])
      .argParser((text) => text.split(',')),
  );

runBenchmark(program, measure);
