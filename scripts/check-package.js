#!/usr/bin/env node
/**
 * Compiles lib/ and checks the package as npm would pack it: publint checks package.json, and are-the-types-wrong
 * checks the types for each way of importing. It runs in `npm run lint`, so it does not touch dist/. It packs neither
 * the page nor the demo model, which neither tool checks.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');

class CheckError extends Error {}

/**
 * The path of a package's command in node_modules, as a script for Node. Some packages do not export their
 * package.json.
 */
function script(name, command) {
  const folder = path.join(root, 'node_modules', name);
  const { bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[command]);
}

function run(program, args, options) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (status !== 0)
    throw new CheckError(error ? error.message : `${path.basename(args[0])} found problems (see above).`);
}

const runNode = (args) => run(process.execPath, args, { cwd: root });

/** @returns the path of the tarball */
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
