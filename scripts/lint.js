#!/usr/bin/env node
/** Lints and type-checks everything: `node scripts/lint.js`. With --fix, formats what can be formatted. */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const fix = process.argv.includes('--fix');

const nativeFiles = fs
  .readdirSync(path.join(root, 'native'), { recursive: true })
  .filter((file) => /\.(cc|h)$/.test(file))
  .map((file) => path.join('native', file));

const checks = [
  ['@biomejs/biome', 'biome', fix ? ['check', '--write', '.'] : ['ci', '.']],
  ['clang-format', 'clang-format', ['--style=file', ...(fix ? ['-i'] : ['--dry-run', '--Werror']), ...nativeFiles]],
  ...(fix
    ? []
    : [
        ['typescript', 'tsc', ['--noEmit', '-p', 'tsconfig.json']],
        ['typescript', 'tsc', ['--noEmit', '-p', 'tsconfig.test.json']],
      ]),
];

let failed = false;
for (const [packageName, command, args] of checks) {
  console.log(`> ${command} ${args.slice(0, 3).join(' ')}`);
  const manifest = require.resolve(`${packageName}/package.json`);
  const { bin } = require(manifest);
  const program = path.join(path.dirname(manifest), typeof bin === 'string' ? bin : bin[command]);
  const result = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  failed ||= result.status !== 0;
}
process.exit(failed ? 1 : 0);
