#!/usr/bin/env node
/**
 * Writes the texts that each feature activates on, for both sets, from the text of harvest_text.py. The records are
 * small enough to ship.
 *
 *   node harvest.js [OUT]
 *
 * Without OUT, in the place of what ships; with it, in OUT/demo and OUT/demo-cross-layer.
 */
const path = require('node:path');
const { ReplacementModel } = require('../../dist');
const { harvestFeatures } = require('../../dist/harvest');

const demo = path.join(__dirname, '..', '..', 'lib', 'demo');
const folders = { demo: 'transcoders', 'demo-cross-layer': 'cross-layer-transcoders' };

const options = {
  text: path.join(__dirname, 'harvest.txt.gz'),
  context: 256,
  topExamples: 5,
  sameWord: 2,
  intervals: 1,
  intervalExamples: 2,
  window: 10,
  bins: 14,
  logits: 8,
  candidates: 400,
  sample: 100_000,
};

async function main([out]) {
  for (const [set, folder] of Object.entries(folders)) {
    const model = await ReplacementModel.load('demo', set);
    const place = out === undefined ? path.join(demo, folder, 'features') : path.join(out, set);
    const { tokens, features } = await harvestFeatures(model, { ...options, out: place });
    console.log(`${set}: ${features} features on ${tokens} tokens`);
    await model.dispose();
  }
}

main(process.argv.slice(2));
