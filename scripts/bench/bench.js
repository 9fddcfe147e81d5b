#!/usr/bin/env node
/**
 * Compares attribution with the usual algorithm (autograd over a copy of the prompt per batch row) on the same
 * LibTorch, and with the Python reference if it is installed. All take turns in one run:
 *
 *   npm run bench -- --help
 */
const fs = require('node:fs');
const path = require('node:path');
const { Option } = require('commander');
const { resolveDevice } = require('../../dist/engine/device');
const { benchmark, deviceName, runBenchmark, wholeNumberOrAll, wholeNumbers } = require('./command-line');
const { GemmRate } = require('./gemm-rate');
const { reportHead } = require('./machine');
const { checkpointFolder, makeCheckpoint } = require('./make-checkpoint');
const { fastest, measureScript } = require('./own-process');
const { memoryTable, phaseTable, runTable } = require('./print-runs');
const { measurePython, pythonVersions } = require('./python-reference');
const { sizes } = require('./sizes');

const program = benchmark('bench', 'compare attribution with the usual algorithm on the same LibTorch')
  .addOption(new Option('--size <size>', 'size of the model').choices(Object.keys(sizes)).default('medium'))
  .option('--features <count>', 'number of most influential features with rows, or all', wholeNumberOrAll, 1024)
  .addOption(
    new Option('--batch <sizes>', 'batch sizes, separated by commas')
      .argParser(wholeNumbers)
      .default([64, 256], '64,256'),
  )
  .option('--device <device>', 'device of our runs and of the Python reference: cpu, cuda or cuda:N', deviceName, 'cpu')
  .addOption(new Option('--offload <where>', 'in our runs, move idle weights off the device').choices(['cpu', 'disk']))
  .option('--no-copied', 'skip the usual algorithm, whose copies may take too much memory')
  .option('--python [executable]', 'also measure the Python reference (default executable: python3)');

/** @returns functions that run one algorithm with given settings, by name, in the order of their turns */
function chosenAlgorithms({ copied, python }, dir) {
  const script = (algorithm) => (settings) => measureScript('run-one.js', algorithm, dir, JSON.stringify(settings));
  return {
    ...(copied && { copied: script('copied') }),
    ...(python && { Python: (settings) => measurePython(python, dir, settings) }),
    ours: script('ours'),
  };
}

/** @returns the fastest run of each algorithm */
function measure(algorithms, settings, repeat) {
  const runs = Object.fromEntries(Object.keys(algorithms).map((name) => [name, []]));
  for (let i = 0; i < repeat; i++) {
    for (const [name, run] of Object.entries(algorithms)) runs[name].push(run(settings));
  }
  return Object.fromEntries(Object.entries(runs).map(([name, all]) => [name, fastest(all)]));
}

/**
 * The seconds of each phase, with the required operations and the resulting rate. Both algorithms require the same
 * operations.
 */
function withRates({ phases, ...run }, neededFlops, gemmGflops) {
  const rated = Object.entries(phases ?? {}).map(([name, seconds]) => [
    name,
    { seconds, ...rates(neededFlops[name], seconds, gemmGflops) },
  ]);
  const rowSeconds = phases && phases['target rows'] + phases['feature rows'];
  const rowFlops = neededFlops['target rows'] + neededFlops['feature rows'];
  return {
    ...run,
    ...(phases && { rowPhases: rates(rowFlops, rowSeconds, gemmGflops) }),
    phases: Object.fromEntries(rated),
  };
}

function rates(flops, seconds, gemmGflops) {
  if (flops === undefined) return {};
  const gflop = flops / 1e9;
  return { gflop, gflops: gflop / seconds, shareOfGemm: gflop / seconds / gemmGflops };
}

function compared({ batchSize, runs }, gemmGflops) {
  const { ours } = runs;
  const rated = Object.entries(runs).map(([name, run]) => [
    name,
    {
      ...withRates(run, ours.neededFlops, gemmGflops),
      ...(run !== ours && { oursFaster: run.seconds / ours.seconds }),
    },
  ]);
  return { batchSize, runs: Object.fromEntries(rated) };
}

async function main(options) {
  if (options.copied && options.device !== 'cpu') {
    program.error('error: the usual algorithm only runs on the CPU. Add --no-copied.');
  }
  const device = resolveDevice(options.device);
  const python = options.python === true ? 'python3' : options.python;
  const pythonPackages = python && pythonVersions(python);
  const size = { ...sizes[options.size], crossLayer: options.kind === 'cross-layer' };
  const dir = checkpointFolder(options.dir, options.kind, sizes[options.size]);
  console.log(`Checkpoint: ${dir}`);
  await makeCheckpoint(dir, options.kind, sizes[options.size]);

  const gemm = new GemmRate(device);
  const base = measureScript('run-one.js', 'base');
  const algorithms = chosenAlgorithms({ ...options, python }, dir);
  const reference = options.copied ? path.join(dir, 'sample.json') : undefined;
  const maxFeatureNodes = Number.isFinite(options.features) ? options.features : undefined;
  const shared = { size, device, maxFeatureNodes, reference, offload: options.offload };
  const measured = options.batch.map((batchSize) => {
    gemm.measure();
    const runs = measure(algorithms, { ...shared, batchSize }, options.repeat);
    gemm.measure();
    return { batchSize, runs };
  });
  const results = measured.map((result) => compared(result, gemm.best));
  console.log(`GEMM rate: ${gemm}\n\n${runTable(results)}\n`);
  for (const result of results) console.log(`${phaseTable(result)}\n`);
  console.log(memoryTable(results, base));
  if (options.json) {
    const report = { ...reportHead('bench'), pythonPackages, size, device, gemmGflops: gemm.best, base, results };
    fs.writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
}

runBenchmark(program, main);
