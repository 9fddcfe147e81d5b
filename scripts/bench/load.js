#!/usr/bin/env node
/**
 * Measures how long a model and its transcoders take to load from files in the system's cache:
 *
 *   npm run bench:load -- --help
 *
 * Prints milliseconds: of the first load in a process, which includes LibTorch, of the fastest and the slowest later
 * load, and of the first run of a prompt after it.
 */
const fs = require('node:fs/promises');
const { Option } = require('commander');
const { ReplacementModel } = require('../../dist');
const { benchmark, runBenchmark } = require('./command-line');
const { reportHead } = require('./machine');
const { checkpointFolder, makeCheckpoint, readCheckpoint } = require('./make-checkpoint');
const { sizes } = require('./sizes');
const { fixed, textTable } = require('./text-table');

const program = benchmark('bench:load', 'measure loading from files in the cache').addOption(
  new Option('--size <size>', 'size of the model').choices(Object.keys(sizes)).default('medium'),
);

const choices = {
  defaults: {},
  'lazy encoders': { lazyEncoder: true },
  'lazy encoders and weights': { lazyEncoder: true, lazyWeights: true },
};

async function timed(work) {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
}

async function loadAndRun({ model, transcoders, tokens }, options) {
  const load = await timed(() => ReplacementModel.load(model, transcoders, { device: 'cpu', ...options }));
  const run = await timed(() => load.result.forward(tokens, { exactTokens: true }));
  await load.result.dispose();
  return { load: load.ms, run: run.ms };
}

async function measure({ size, kind, dir, repeat, json }) {
  const folder = checkpointFolder(dir, kind, sizes[size]);
  await makeCheckpoint(folder, kind, sizes[size]);
  const checkpoint = readCheckpoint(folder);
  const { load: first } = await loadAndRun(checkpoint, {});
  const results = Object.entries(choices).map(([name, options]) => ({ name, options, runs: [] }));
  for (let i = 0; i < repeat; i++) {
    for (const { options, runs } of results) runs.push(await loadAndRun(checkpoint, options));
  }
  console.log(`first load of the process: ${fixed(first, 0)} ms\n`);
  const of = (pick, name) => (row) => fixed(pick(...row.runs.map((run) => run[name])), 0);
  const columns = [
    ['ms', (row) => row.name],
    ['fastest', of(Math.min, 'load')],
    ['slowest', of(Math.max, 'load')],
    ['first run', of(Math.min, 'run')],
  ];
  console.log(textTable(columns, results));
  if (json)
    await fs.writeFile(
      json,
      `${JSON.stringify({ ...reportHead('bench:load'), size, kind, first, results }, null, 2)}\n`,
    );
}

runBenchmark(program, measure);
