#!/usr/bin/env node
/** Lints and type-checks everything: `node scripts/lint.js`. With --fix, also formats the code. */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const fix = process.argv.includes('--fix');

const nativeFiles = fs
  .readdirSync(path.join(root, 'native'), { recursive: true })
  .filter((file) => /\.(cc|h)$/.test(file))
  .map((file) => path.join('native', file));

/** The path of a package's command, a Node script. */
function script(packageName, command) {
  const manifest = require.resolve(`${packageName}/package.json`);
  const { bin } = require(manifest);
  return path.join(path.dirname(manifest), typeof bin === 'string' ? bin : bin[command]);
}

const node = process.execPath;
const biome = [node, script('@biomejs/biome', 'biome')];
const tsc = [node, script('typescript', 'tsc'), '--noEmit', '-p'];
const clangFormat = [require('clang-format').getNativeBinary(), '--style=file'];

const checks = fix
  ? [
      ['biome check --write', ...biome, 'check', '--write', '.'],
      ['clang-format -i', ...clangFormat, '-i', ...nativeFiles],
    ]
  : [
      ['biome ci', ...biome, 'ci', '.'],
      ['imports', node, path.join(__dirname, 'import-floors.js')],
      ['tsc of lib, publint and arethetypeswrong', node, path.join(__dirname, 'check-package.js')],
      ['tsc of lib and test', ...tsc, 'tsconfig.test.json'],
      ['tsc of the page', ...tsc, 'lib/frontend'],
      ['tsc of the page’s tests', ...tsc, 'test/unit/frontend'],
      ['clang-format', ...clangFormat, '--dry-run', '--Werror', ...nativeFiles],
    ];

let failed = false;
for (const [title, program, ...args] of checks) {
  console.log(`> ${title}`);
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(error.message);
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
