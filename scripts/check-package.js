#!/usr/bin/env node
/**
 * Compiles lib/ and checks the package as npm would pack it: publint for package.json, are-the-types-wrong for what
 * TypeScript finds in each way of importing. Part of `npm run lint`, so it leaves dist/ alone, and packs neither the page nor
 * the demo model, which neither tool looks at.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');

class CheckError extends Error {}

/** A command of a package in node_modules, as a script for Node. Some packages don't export their package.json. */
function script(name, command) {
  const folder = path.join(root, 'node_modules', name);
  const { bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[command]);
}

function run(program, args, options) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (status !== 0) throw new CheckError(error ? error.message : `${path.basename(args[0])} found fault (see above).`);
}

const runNode = (args) => run(process.execPath, args, { cwd: root });

/** @returns the tarball */
function pack(folder) {
  for (const name of ['package.json', 'README.md', 'LICENSE'])
    fs.copyFileSync(path.join(root, name), path.join(folder, name));
  const args = ['pack', '--ignore-scripts', '--silent'];
  run('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
  const [tarball] = fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  return path.join(folder, tarball);
}

function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'circuit-tracer-package-'));
  try {
    runNode([script('typescript', 'tsc'), '-p', root, '--outDir', path.join(folder, 'dist')]);
    const tarball = pack(folder);
    runNode([script('publint', 'publint'), 'run', tarball, '--strict']);
    runNode([script('@arethetypeswrong/cli', 'attw'), tarball]);
  } catch (error) {
    if (!(error instanceof CheckError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main();
