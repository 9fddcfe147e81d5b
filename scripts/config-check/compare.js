#!/usr/bin/env node
/**
 * Runs the models of make_models.py with this package and compares: `node compare.js OUT [RESULTS.json]`. Prints a table, adds it to RESULTS.json, and
 * exits with 1 when any variation runs here with other numbers than in transformers, without an error.
 */
const fs = require('node:fs');
const path = require('node:path');
const { largestError, runFolder, tolerance } = require('./run-case');
const dist = path.join(__dirname, '..', '..', 'dist');
const library = {
  ...require(path.join(dist, 'model', 'open-model')),
  ...require(path.join(dist, 'engine', 'native-model')),
  ...require(path.join(dist, 'replacement-model', 'random-weights')),
  ...require(path.join(dist, 'engine', 'load-options')),
  ...require(path.join(dist, 'random')),
};
const { readSafetensorsArrays } = require(path.join(dist, 'io', 'safetensors'));

async function readExpected(file) {
  const { arrays } = await readSafetensorsArrays(file);
  return { residuals: arrays.get('residuals').data, logits: arrays.get('logits').data };
}

async function verdict(folder) {
  const { name, family, newer, tokens, transformers } = JSON.parse(
    fs.readFileSync(path.join(folder, 'case.json'), 'utf8'),
  );
  const expected = path.join(folder, 'expected.safetensors');
  const runsThere = fs.existsSync(expected);
  const result = { name, family, transformers };
  try {
    const found = await runFolder(library, folder, tokens);
    if (!runsThere) return { ...result, verdict: 'only here' };
    const error = largestError(found, await readExpected(expected));
    if (error <= tolerance) return { ...result, verdict: 'equal', error };
    const documented = newer && transformers.startsWith('4.');
    return { ...result, verdict: documented ? 'newer' : 'differs', error, ...(documented && { newer }) };
  } catch (error) {
    if (!error.code) throw error;
    return { ...result, verdict: runsThere ? 'refused here' : 'refused by both', message: error.message };
  }
}

const kinds = ['equal', 'refused by both', 'refused here', 'only here', 'newer', 'differs'];

/** Counts by family, to print and to record. */
function summary(verdicts) {
  const families = {};
  for (const { family, verdict: kind, error } of verdicts) {
    families[family] ??= { variations: 0, largestError: 0 };
    const counts = families[family];
    counts.variations++;
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (kind === 'equal') counts.largestError = Math.max(counts.largestError, error);
  }
  for (const counts of Object.values(families)) counts.largestError = counts.largestError.toExponential(1);
  const refused = verdicts.filter(({ verdict: kind, name }) => kind === 'refused here' && !name.startsWith('mixture'));
  return {
    transformers: verdicts[0].transformers,
    families,
    refusedHere: refused.map(({ family, name, message }) => ({ family, name, message: withoutPath(message) })),
  };
}

function withoutPath(message) {
  return message
    .replace(/^\S+(config\.json|\.safetensors|\/\d+): /, '')
    .replace(/\. This package does not support such a model\.$/, '');
}

function print(verdicts, { families }) {
  const rows = Object.entries(families).map(([family, counts]) => [
    ...[family, counts.variations, ...kinds.map((kind) => counts[kind] ?? 0), counts.largestError],
  ]);
  const table = [['family', 'variations', ...kinds, 'largest error'], ...rows];
  for (const cells of table) console.log(cells.map((cell) => String(cell).padStart(15)).join(' '));
  for (const { verdict: kind, family, name, error, message, newer } of verdicts) {
    if (kind === 'equal' || kind === 'refused by both') continue;
    console.log(`${kind}: ${family}: ${name}: ${newer ?? message ?? error?.toExponential(1) ?? ''}`);
  }
}

const compareNames = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const inOrder = (record) => Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareNames(a, b)));

/** One entry for each version of transformers. Families that did not run keep what is known of them. */
function record(file, result) {
  const known = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : [];
  const before = known.find(({ transformers }) => transformers === result.transformers);
  const kept = before?.refusedHere.filter(({ family }) => !Object.hasOwn(result.families, family)) ?? [];
  const merged = {
    ...result,
    families: inOrder({ ...before?.families, ...result.families }),
    refusedHere: [...kept, ...result.refusedHere].sort((a, b) => compareNames(a.family, b.family)),
  };
  const others = known.filter((one) => one !== before);
  const all = [...others, merged].sort((a, b) => a.transformers.localeCompare(b.transformers));
  fs.writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
}

async function main() {
  const [out, resultFile] = process.argv.slice(2);
  const verdicts = [];
  for (const family of fs.readdirSync(out).sort()) {
    for (const number of fs.readdirSync(path.join(out, family)).sort()) {
      verdicts.push(await verdict(path.join(out, family, number)));
    }
  }
  const result = summary(verdicts);
  print(verdicts, result);
  if (resultFile) record(resultFile, result);
  process.exitCode = verdicts.some((one) => one.verdict === 'differs') ? 1 : 0;
}

main();
