#!/usr/bin/env node
/**
 * Measures the cost of a row while one setting varies: tokens, batch, rows or layers. Only our algorithm is measured.
 *
 *   npm run bench:scaling -- --help
 */
const fs = require('node:fs');
const { Option } = require('commander');
const { benchmark, positive, runBenchmark } = require('./command-line');
const { fittedExponent, largestDeviation } = require('./fit');
const { GemmRate } = require('./gemm-rate');
const { reportHead } = require('./machine');
const { checkpointFolder, makeCheckpoint } = require('./make-checkpoint');
const { fastest, measureScript } = require('./own-process');
const { sizes } = require('./sizes');
const { fixed, percent, textTable } = require('./text-table');

/**
 * `law`: the power with which seconds per row should grow. All prompt lengths use one checkpoint, made for the longest,
 * and its first tokens.
 */
const sweeps = {
  tokens: {
    values: [32, 64, 128, 256, 512],
    law: 1,
    checkpoint: (size) => ({ ...size, positions: 512 }),
    settings: (tokens, { size }) => ({ size: { ...size, positions: tokens } }),
  },
  batch: { values: [64, 128, 256, 512], law: 0, settings: (batchSize) => ({ batchSize }) },
  rows: { values: [256, 512, 1024, 2048], law: 0, settings: (rows) => ({ rows }) },
  layers: {
    values: [6, 12, 18],
    law: 1,
    checkpoint: (size, layers) => ({ ...size, layers }),
    settings: (layers, { size }) => ({ size: { ...size, layers } }),
  },
};

const program = benchmark('bench:scaling', 'measure the cost of a row against tokens, batch, rows and layers')
  .addOption(new Option('--size <size>', 'size of the model to vary').choices(Object.keys(sizes)).default('medium'))
  .addOption(new Option('--only <what>', 'vary only this setting').choices(Object.keys(sweeps)))
  .addOption(
    new Option('--choose <how>', 'rows: sampled uniformly from all active features, or ranked as in a graph')
      .choices(['sampled', 'ranked'])
      .default('sampled'),
  )
  .option('--batch <size>', 'batch size, unless it varies', positive, 256)
  .option('--rows <count>', 'number of feature rows, unless it varies', positive, 1024);

async function measurePoint(sweep, value, options, gemm) {
  const { dir, kind, size, choose, batch, rows, repeat } = options;
  const made = sweep.checkpoint?.(size, value) ?? size;
  const folder = checkpointFolder(dir, kind, made);
  await makeCheckpoint(folder, kind, made);
  const settings = { size, choose, batchSize: batch, rows, ...sweep.settings(value, options) };
  settings.size = { ...settings.size, crossLayer: kind === 'cross-layer' };
  gemm.measure();
  const runs = Array.from({ length: repeat }, () => measureScript('run-rows.js', folder, JSON.stringify(settings)));
  gemm.measure();
  return { value, ...fastest(runs) };
}

/** The exponents of the cost per row, and the deviation of its time from the law. */
function fitted(points, law) {
  const seconds = points.map(({ value, rows, seconds }) => [value, seconds / rows]);
  const flops = points.map(({ value, rows, gflop }) => [value, gflop / rows]);
  return {
    secondsExponent: fittedExponent(seconds),
    flopsExponent: fittedExponent(flops),
    deviation: largestDeviation(seconds, law),
  };
}

function sweepTable(name, points, gemmGflops) {
  const columns = [
    [name, ({ value }) => value],
    ['ms/row', ({ seconds, rows }) => fixed((1000 * seconds) / rows, 3)],
    ['GFLOP/row', ({ gflop, rows }) => fixed(gflop / rows, 4)],
    ['of GEMM', ({ gflop, seconds }) => percent(gflop / seconds / gemmGflops)],
    ['mean position', ({ meanPosition }) => fixed(meanPosition, 1)],
    ['mean layer', ({ meanLayer }) => fixed(meanLayer, 1)],
    ['peak MiB', ({ peakMiB }) => peakMiB],
    ['promised', ({ promisedMiB }) => promisedMiB],
  ];
  return textTable(columns, points);
}

function fitLine(name, { secondsExponent, flopsExponent, deviation }, law) {
  const course = law === 0 ? 'flat' : `proportional to ${name}`;
  return (
    `Per row, seconds grow as ${name}^${secondsExponent.toFixed(2)}, needed FLOPs as ${name}^${flopsExponent.toFixed(2)};\n` +
    `seconds are at most ${percent(deviation)} from ${course}.`
  );
}

async function main(options) {
  const gemm = new GemmRate('cpu');
  const chosen = Object.entries(sweeps).filter(([name]) => !options.only || name === options.only);
  const measured = {};
  for (const [name, sweep] of chosen) {
    const points = [];
    for (const value of sweep.values) {
      points.push(await measurePoint(sweep, value, { ...options, size: sizes[options.size] }, gemm));
    }
    measured[name] = { points, law: sweep.law, ...fitted(points, sweep.law) };
  }
  console.log(
    `GEMM rate: ${gemm}\nRows are ${options.choose}; unless varied, batch ${options.batch}, ${options.rows} rows\n`,
  );
  for (const [name, { points, law, ...found }] of Object.entries(measured)) {
    console.log(`${sweepTable(name, points, gemm.best)}\n${fitLine(name, found, law)}\n`);
  }
  if (options.json) {
    const report = { ...reportHead('bench:scaling'), options, gemmGflops: gemm.best, sweeps: measured };
    fs.writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
}

runBenchmark(program, main);
