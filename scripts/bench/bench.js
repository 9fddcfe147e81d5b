#!/usr/bin/env node
/**
 * Measures attribution against the usual algorithm (autograd over a copy of the prompt per batch row) on the same
 * LibTorch, side by side:
 *
 *   npm run bench -- [--size medium] [--kind per-layer] [--features 1024|all] [--batch 64,256] [--repeat 1]
 *                    [--dir FOLDER] [--json FILE]
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { packageVersion } = require('../../dist');
const { binding } = require('../../dist/binding');
const { loadBuiltAddon } = require('../../dist/libtorch/load-addon');
const { makeCheckpoint } = require('./make-checkpoint');
const { kinds, sizes } = require('./sizes');

const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: 'medium' },
    kind: { type: 'string', default: 'per-layer' },
    features: { type: 'string', default: '1024' },
    batch: { type: 'string', default: '64,256' },
    repeat: { type: 'string', default: '1' },
    dir: { type: 'string', default: path.join(os.tmpdir(), 'circuit-tracer-bench') },
    json: { type: 'string' },
  },
});

function usage(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}
if (!sizes[options.size]) usage(`--size must be one of ${Object.keys(sizes).join(', ')}, not ${options.size}`);
if (!kinds.includes(options.kind)) usage(`--kind must be one of ${kinds.join(', ')}, not ${options.kind}`);

function runOne(algorithm, dir, settings) {
  const script = path.join(__dirname, 'run-one.js');
  const child = spawnSync(process.execPath, [script, algorithm, dir, JSON.stringify(settings)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`${algorithm} failed with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout);
}

const best = (runs) => runs.reduce((a, b) => (b.seconds < a.seconds ? b : a));

function measure(dir, size, batchSize) {
  const maxFeatureNodes = options.features === 'all' ? Number.MAX_SAFE_INTEGER : Number(options.features);
  const reference = path.join(dir, 'sample.json');
  const runs = { copied: [], ours: [] };
  for (let i = 0; i < Number(options.repeat); i++) {
    for (const algorithm of ['copied', 'ours'])
      runs[algorithm].push(runOne(algorithm, dir, { size, batchSize, maxFeatureNodes, reference }));
  }
  const copied = best(runs.copied);
  const ours = best(runs.ours);
  const rowSeconds = ours.phases['feature rows'] + ours.phases['target rows'];
  return {
    batchSize,
    rows: ours.rows,
    active: ours.active,
    copied,
    ours,
    timesFaster: copied.seconds / ours.seconds,
    memoryRatio: copied.peakMiB / ours.peakMiB,
    gflops: ours.neededGflop / rowSeconds,
  };
}

function table(rows) {
  const columns = [
    ['batch', (r) => r.batchSize],
    ['copied s', (r) => r.copied.seconds.toFixed(2)],
    ['MiB', (r) => r.copied.peakMiB],
    ['ours s', (r) => r.ours.seconds.toFixed(2)],
    ['MiB', (r) => r.ours.peakMiB],
    ['faster', (r) => `${r.timesFaster.toFixed(1)}x`],
    ['GFLOP/s', (r) => r.gflops.toFixed(0)],
    ['of GEMM', (r) => `${Math.round(100 * r.shareOfGemm)} %`],
    ['worst edge', (r) => r.ours.worstEdge.toExponential(0)],
  ];
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => String(cell(row))))];
  const widths = columns.map((_, c) => Math.max(...cells.map((line) => line[c].length)));
  return cells.map((line) => line.map((cell, c) => cell.padStart(widths[c])).join('  ')).join('\n');
}

async function main() {
  const size = { ...sizes[options.size], crossLayer: options.kind === 'cross-layer' };
  const dir = path.join(options.dir, `${options.size}-${options.kind}`);
  console.log(`Checkpoint: ${dir}`);
  await makeCheckpoint(dir, options.kind, size);
  // Other work on the machine only lowers it: the best of several, before and between the runs.
  const gemmRate = () => loadBuiltAddon('circuit_tracer_bench').gemmGflops(2048, 20);
  let gemm = 0;
  const results = options.batch.split(',').map((batch) => {
    gemm = Math.max(gemm, gemmRate(), gemmRate());
    const result = measure(dir, size, Number(batch));
    gemm = Math.max(gemm, gemmRate());
    return result;
  });
  for (const result of results) result.shareOfGemm = result.gflops / gemm;
  console.log(`GEMM rate of this machine (2048³, float32): ${gemm.toFixed(0)} GFLOP/s`);
  console.log(`${results[0].active} active features, ${results[0].rows} feature rows\n\n${table(results)}\n`);
  console.log(phases(results.at(-1)));
  if (options.json) fs.writeFileSync(options.json, `${JSON.stringify(report(size, gemm, results), null, 2)}\n`);
}

function phases({ batchSize, copied, ours }) {
  const line = ([phase, seconds]) => `  ${phase.padEnd(24)}${seconds.toFixed(3).padStart(9)} s`;
  return [
    `Phases at batch ${batchSize}: copied`,
    ...Object.entries(copied.phases).map(line),
    'ours',
    ...Object.entries(ours.phases).map(line),
  ].join('\n');
}

function report(size, gemm, results) {
  return {
    date: new Date().toISOString().slice(0, 10),
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    machine: {
      cpu: os.cpus()[0]?.model,
      cores: os.availableParallelism(),
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    },
    versions: { package: packageVersion, node: process.version, libtorch: binding().libtorchVersion },
    size,
    gemmGflops: gemm,
    results,
  };
}

main();
