#!/usr/bin/env node
/**
 * Runs the models of make_models.py with this package and compares: `node compare.js OUT [RESULT.json]`. Prints a table, and
 * exits with 1 when any variation runs here with other numbers than in transformers, without an error.
 */
const fs = require('node:fs');
const path = require('node:path');
const { largestError, runFolder, tolerance } = require('./run-case');
const dist = path.join(__dirname, '..', '..', 'dist');
const library = {
  ...require(path.join(dist, 'model', 'open-model')),
  ...require(path.join(dist, 'model', 'native-model')),
  ...require(path.join(dist, 'model', 'random-weights')),
  ...require(path.join(dist, 'model', 'load-options')),
  ...require(path.join(dist, 'random')),
};
const { readSafetensorsArrays } = require(path.join(dist, 'io', 'safetensors'));

async function readExpected(file) {
  const { arrays } = await readSafetensorsArrays(file);
  return { residuals: arrays.get('residuals').data, logits: arrays.get('logits').data };
}

async function verdict(folder) {
  const { name, family, newer, tokens, transformers } = JSON.parse(fs.readFileSync(path.join(folder, 'case.json'), 'utf8'));
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

const columns = ['equal', 'refused by both', 'refused here', 'only here', 'newer', 'differs'];

function row(family, verdicts) {
  const counts = columns.map((column) => verdicts.filter((one) => one.verdict === column).length);
  const worst = Math.max(...verdicts.filter((one) => one.verdict === 'equal').map(({ error }) => error));
  return [family, verdicts.length, ...counts, worst.toExponential(1)];
}

function print(verdicts) {
  const families = [...new Set(verdicts.map(({ family }) => family))];
  const rows = families.map((family) =>
    row(
      family,
      verdicts.filter((one) => one.family === family),
    ),
  );
  const table = [['family', 'variations', ...columns, 'largest error'], ...rows];
  for (const cells of table) console.log(cells.map((cell) => String(cell).padStart(15)).join(' '));
  for (const { verdict, family, name, error, message, newer } of verdicts) {
    if (verdict === 'equal' || verdict === 'refused by both') continue;
    console.log(`${verdict}: ${family}: ${name}: ${newer ?? message ?? error?.toExponential(1) ?? ''}`);
  }
}

async function main() {
  const [out, resultFile] = process.argv.slice(2);
  const verdicts = [];
  for (const family of fs.readdirSync(out).sort()) {
    for (const number of fs.readdirSync(path.join(out, family)).sort()) {
      verdicts.push(await verdict(path.join(out, family, number)));
    }
  }
  print(verdicts);
  if (resultFile) fs.writeFileSync(resultFile, `${JSON.stringify(verdicts, null, 1)}\n`);
  process.exitCode = verdicts.some((one) => one.verdict === 'differs') ? 1 : 0;
}

main();
