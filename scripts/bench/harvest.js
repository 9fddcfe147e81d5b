#!/usr/bin/env node
/**
 * Measures the speed and memory of harvesting a long text with the bundled model:
 *
 *   npm run bench:harvest -- [--tokens 1000000] [--set demo]
 *
 * The text consists of sentences of the bundled recipe, some at random per line.
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { gunzipSync } = require('node:zlib');
const { ReplacementModel } = require('../../dist');
const { harvestFeatures } = require('../../dist/harvest');
const { ownPeakBytes } = require('../own-peak');

const source = path.join(__dirname, '..', 'demo-model', 'harvest.txt.gz');

function writeText(file, wanted, tokenizer) {
  const sentences = gunzipSync(fs.readFileSync(source)).toString().trim().split('\n');
  let state = 1;
  const next = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const out = fs.openSync(file, 'w');
  let tokens = 0;
  while (tokens < wanted) {
    const lines = Array.from({ length: 1 + next(6) }, () => sentences[next(sentences.length)]);
    const text = lines.join(' ');
    tokens += tokenizer.encode(text).length;
    fs.writeSync(out, `${text}\n`);
  }
  fs.closeSync(out);
}

async function main() {
  const { values } = parseArgs({
    options: { tokens: { type: 'string', default: '1000000' }, set: { type: 'string', default: 'demo' } },
  });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'circuit-tracer-harvest-'));
  const model = await ReplacementModel.load('demo', values.set);
  const text = path.join(folder, 'text.txt');
  writeText(text, Number(values.tokens), model.tokenizer);
  const start = performance.now();
  let examples = start;
  const onProgress = ({ phase }) => {
    if (phase === 'harvest') examples = performance.now();
  };
  const { tokens, features } = await harvestFeatures(model, { text, out: path.join(folder, 'features'), onProgress });
  const seconds = (performance.now() - start) / 1000;
  await model.dispose();
  fs.rmSync(folder, { recursive: true });
  const result = {
    tokens,
    features,
    seconds: Number(seconds.toFixed(1)),
    gatherSeconds: Number(((examples - start) / 1000).toFixed(1)),
    tokensPerSecond: Math.round(tokens / seconds),
    peakMiB: Math.round(ownPeakBytes() / 2 ** 20),
  };
  console.log(JSON.stringify(result, null, 2));
}

main();
