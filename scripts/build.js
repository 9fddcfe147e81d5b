#!/usr/bin/env node
/**
 * Builds the native addons with cmake-js and puts them into build/Release (or the folder given):
 *
 *   node scripts/build.js [--tests] [output folder]
 *
 * LibTorch comes from where the package finds it at run time; any release from 2.6 on will do, and the addon then loads
 * with that release. Objects are kept in build-cmake/, as build/ belongs to node-gyp, so later builds are incremental.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const objects = path.join(root, 'build-cmake');

function fail(message) {
  console.error(message);
  process.exit(1);
}

function findLibTorch() {
  const module = path.join(root, 'dist', 'libtorch', 'find.js');
  if (!fs.existsSync(module)) fail('dist/ is missing: run `npm run build`, which compiles TypeScript first.');
  const { findLibTorch: find, compilable } = require(module);
  const { found, tried } = find({ wanted: compilable });
  if (!found) {
    fail(
      [`LibTorch (${compilable.words}) was not found. Looked at:`, ...tried.map((line) => `  - ${line}`)]
        .concat('Run `npm run build`, which fetches it, or set LIBTORCH to its folder.')
        .join('\n'),
    );
  }
  return found;
}

function cmakeJs(args, options) {
  const program = path.join(path.dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  return spawnSync(process.execPath, [program, ...args, '-d', root, '-O', objects], { cwd: root, ...options });
}

/** Configures when the settings changed; CMake itself notices changed lists of files. */
function configure(settings) {
  const stamp = path.join(objects, 'settings.json');
  const wanted = JSON.stringify(settings);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  console.log(`Configuring the native build with LibTorch ${settings.version} in ${settings.directory}`);
  fs.rmSync(stamp, { force: true });
  const tests = settings.tests ? 'ON' : 'OFF';
  const args = ['configure', `--CDLIBTORCH=${settings.directory}`, `--CDCIRCUIT_TRACER_TESTS=${tests}`];
  const result = cmakeJs(args, { encoding: 'utf8' });
  if (result.status !== 0) fail(`${result.stdout}${result.stderr}\nConfiguring the native build failed (see above).`);
  fs.writeFileSync(stamp, wanted);
}

function compile() {
  const threads = String(os.availableParallelism());
  const result = cmakeJs(['build', '-l', 'error', '-p', threads], { stdio: 'inherit' });
  if (result.status !== 0) fail('The native build failed (see above).');
}

/** Replaces rather than overwrites: a running process may have the old file mapped. */
function install(file, folder) {
  const source = path.join(objects, 'Release', file);
  const target = path.join(folder, file);
  const from = fs.statSync(source, { throwIfNoEntry: false });
  const to = fs.statSync(target, { throwIfNoEntry: false });
  if (!from || (to && Math.floor(to.mtimeMs) === Math.floor(from.mtimeMs) && to.size === from.size)) return;
  fs.mkdirSync(folder, { recursive: true });
  const temporary = `${target}.${process.pid}.tmp`;
  fs.copyFileSync(source, temporary);
  fs.utimesSync(temporary, from.atime, from.mtime);
  fs.renameSync(temporary, target);
  console.log(`Built ${path.relative(root, target)}`);
}

/** Once asked for, the test addon stays part of the build: switching it off and on would configure anew each time. */
function wantsTests(args) {
  const stamp = path.join(objects, 'settings.json');
  return args.includes('--tests') || (fs.existsSync(stamp) && JSON.parse(fs.readFileSync(stamp, 'utf8')).tests);
}

function main() {
  const args = process.argv.slice(2);
  const tests = wantsTests(args);
  const output = path.resolve(args.find((arg) => !arg.startsWith('--')) ?? path.join(root, 'build', 'Release'));
  const libtorch = findLibTorch();
  configure({ directory: libtorch.directory, version: libtorch.version, tests, node: process.version });
  compile();
  const program = process.platform === 'win32' ? '.exe' : '';
  const ofTests = ['circuit_tracer_oracle.node', 'circuit_tracer_bench.node', `circuit_tracer_core_test${program}`];
  for (const file of ['circuit_tracer.node', ...(tests ? ofTests : [])]) install(file, output);
  install('circuit_tracer_preload.node', path.join(output, 'preload'));
  fs.writeFileSync(
    path.join(output, 'circuit_tracer.json'),
    `${JSON.stringify({ libtorchVersion: libtorch.version })}\n`,
  );
}

main();
