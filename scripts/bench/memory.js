#!/usr/bin/env node
/**
 * Compares estimated with measured peak resident memory of loads and attributions, each in its own process:
 *
 *   node scripts/bench/memory.js [--size medium] [--dir FOLDER] [--json FILE]
 *
 * Creates checkpoints of about 8 GB under --dir unless they exist.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { packageVersion, ReplacementModel } = require('../../dist');
const { estimateMemory } = require('../../dist/memory');
const { convertTranscoders } = require('../../dist/transcoder');
const { openSafetensors } = require('../../dist/io/safetensors');
const { roundedTo, writeTensors } = require('../../dist/transcoder/convert/write-tensors');
const { OwnedEngine } = require('../../dist/engine/owned-engine');
const { ownPeakBytes } = require('../own-peak');
const { makeCheckpoint } = require('./make-checkpoint');
const { sizes } = require('./sizes');

const maxFeatureNodes = 1024;

/** The same checkpoint with all weights in bfloat16. */
async function makeBfloat16(from, dir) {
  if (await fs.stat(path.join(dir, 'transcoders')).catch(() => undefined)) return;
  await fs.cp(from, dir, { recursive: true, filter: (file) => !/transcoders|model\.safetensors$/.test(file) });
  const { tensors } = await openSafetensors(path.join(from, 'model', 'model.safetensors'));
  const engine = new OwnedEngine('The benchmark checkpoint', 0);
  try {
    const rounded = [...tensors].map(([name, source]) => roundedTo('bfloat16', name, source));
    await writeTensors(engine, path.join(dir, 'model', 'model.safetensors'), rounded, {});
  } finally {
    await engine.dispose();
  }
  await convertTranscoders(path.join(from, 'transcoders'), path.join(dir, 'transcoders'), { dtype: 'bfloat16' });
}

async function makeCases(root, sizeName) {
  const size = sizes[sizeName];
  const folder = (kind) => path.join(root, `${sizeName}-${kind}`);
  for (const kind of ['per-layer', 'cross-layer']) await makeCheckpoint(folder(kind), kind, size);
  await makeBfloat16(folder('per-layer'), folder('per-layer-bfloat16'));
  const of = (kind, name, options) => ({
    name,
    model: path.join(folder(kind), 'model'),
    transcoders: path.join(folder(kind), 'transcoders'),
    tokens: path.join(folder(kind), 'tokens.json'),
    size,
    options: { device: 'cpu', ...options },
  });
  const eager = { lazyDecoder: false };
  const lazy = { lazyEncoder: true };
  return [
    { name: 'bundled model', model: 'demo', transcoders: 'demo', options: { device: 'cpu' } },
    of('per-layer', 'per-layer, float32', {}),
    of('per-layer', 'per-layer, float32, decoders in memory', eager),
    of('per-layer', 'per-layer, float32, all lazy', lazy),
    of('per-layer-bfloat16', 'per-layer, bfloat16 as float32, decoders in memory', eager),
    of('per-layer-bfloat16', 'per-layer, bfloat16', { dtype: 'bfloat16' }),
    of('per-layer', 'per-layer, float32 as bfloat16, decoders in memory', { dtype: 'bfloat16', ...eager }),
    of('cross-layer', 'cross-layer, float32, all lazy', lazy),
    of('cross-layer', 'cross-layer, float32 as bfloat16, decoders in memory', { dtype: 'bfloat16', ...eager }),
  ];
}

/** In the child process: load, attribute, and print the peak after each. */
async function measure({ model: modelDir, transcoders, tokens, options }) {
  const model = await ReplacementModel.load(modelDir, transcoders, options);
  const load = ownPeakBytes();
  if (!tokens) return { load };
  const ids = JSON.parse(await fs.readFile(tokens, 'utf8'));
  const graph = await model.attribute(ids, { exactTokens: true, maxFeatureNodes });
  const activePerToken = graph.nActive / ids.length / model.spec.nLayers;
  return { load, attribution: ownPeakBytes(), tokens: ids.length, activePerToken };
}

async function compare(one) {
  const child = spawnSync(process.execPath, [__filename, '--measure', JSON.stringify(one)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`${one.name}: failed with ${child.status ?? child.signal}`);
  const { load, attribution, ...size } = JSON.parse(child.stdout);
  const estimate = await estimateMemory(
    { model: one.model, transcoders: one.transcoders },
    { ...one.options, ...(attribution && { ...size, maxFeatureNodes }) },
  );
  const pair = (predicted, measured) => ({ predicted, measured, ratio: predicted / measured });
  return {
    name: one.name,
    load: pair(estimate.load.peak, load),
    ...(attribution && { attribution: pair(estimate.attribution.peakResident, attribution) }),
  };
}

function row({ name, load, attribution }) {
  const cells = (pair) =>
    pair
      ? [pair.predicted, pair.measured].map((bytes) => `${Math.round(bytes / 1e6)}`).concat(pair.ratio.toFixed(2))
      : ['', '', ''];
  return `| ${[name, ...cells(load), ...cells(attribution)].join(' | ')} |`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: 'medium' },
      dir: { type: 'string', default: path.join(os.tmpdir(), 'circuit-tracer-bench') },
      json: { type: 'string' },
      measure: { type: 'string' },
    },
  });
  if (values.measure) {
    console.log(JSON.stringify(await measure(JSON.parse(values.measure))));
    return;
  }
  const results = [];
  console.log(
    '| MB | load predicted | measured | ratio | attribution predicted | measured | ratio |\n|---|---|---|---|---|---|---|',
  );
  for (const one of await makeCases(values.dir, values.size)) {
    results.push(await compare(one));
    console.log(row(results.at(-1)));
  }
  const machine = { cpu: os.cpus()[0]?.model, memory: os.totalmem(), node: process.version, packageVersion };
  if (values.json) await fs.writeFile(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}

main();
