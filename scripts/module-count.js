// Prints how many modules each entry of the built package loads: node scripts/module-count.js

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { exports: entries } = require('../package.json');

/** The number of files that a program loads when it requires one entry. */
function modulesOf(entry) {
  const code = `require(${JSON.stringify(entry)}); console.log(Object.keys(require.cache).length)`;
  return Number(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' }));
}

for (const [name, { default: file }] of Object.entries(entries)) {
  if (file) console.log(name.replace('.', 'circuit-tracer').padEnd(28), modulesOf(path.join(__dirname, '..', file)));
}
