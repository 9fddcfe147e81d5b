#!/usr/bin/env node
/**
 * Runs the slow tests in `test/slow/`, which recreate shipped data and take minutes: `npm run test:slow`. Their inputs
 * are listed in `inputs.json` there. `passed.json` keeps the hash of the inputs of each test's last success and is
 * committed.
 *
 *   node scripts/test-slow.js [--changed]
 *
 * With --changed, runs only tests whose inputs have changed since.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { hashOf } = require('./hash-of');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'test', 'slow');
const readJson = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));

/** The hash of the inputs of each test, by its name. */
function hashes() {
  return Object.fromEntries(Object.entries(readJson('inputs.json')).map(([name, paths]) => [name, hashOf(paths)]));
}

/** @returns whether the tests in a file pass */
function passes(name) {
  const jest = path.join(path.dirname(require.resolve('jest/package.json')), 'bin', 'jest.js');
  const args = [jest, '--config', 'jest.slow.config.js', '--runTestsByPath', `test/slow/${name}.test.ts`];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function main(flags) {
  const passed = readJson('passed.json');
  for (const [name, hash] of Object.entries(hashes())) {
    if (flags.includes('--changed') && passed[name] === hash) {
      console.log(`slow tests: ${name} already passed with these inputs`);
    } else if (passes(name)) {
      passed[name] = hash;
    } else {
      process.exitCode = 1;
    }
  }
  fs.writeFileSync(path.join(folder, 'passed.json'), `${JSON.stringify(passed, null, 2)}\n`);
}

module.exports = { hashes };
if (require.main === module) main(process.argv.slice(2));
