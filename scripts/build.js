#!/usr/bin/env node
/**
 * Builds the native addons with cmake-js into build/Release, or into the given folder:
 *
 *   node scripts/build.js [--tests] [--debug] [--sanitize=address,undefined] [output folder]
 *
 * LibTorch is the one that the package finds at run time, in any release from 2.6 on. The addon then only loads with
 * that release. Objects are kept in build-cmake/, because build/ belongs to node-gyp, so later builds are incremental.
 * Each combination of --debug and --sanitize has its own folder of objects, so that switching back is fast.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const root = path.join(__dirname, '..');
const sanitizers = ['address', 'undefined'];

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
      [`LibTorch (${compilable.words}) was not found. Searched:`, ...tried.map((line) => `  - ${line}`)]
        .concat('Run `npm run build`, which downloads it, or set LIBTORCH to its folder.')
        .join('\n'),
    );
  }
  return found;
}

/** The names from --sanitize, in a fixed order. */
function sanitizersOf(text = '') {
  const names = text.split(',').filter(Boolean).sort();
  const unknown = names.filter((name) => !sanitizers.includes(name));
  if (unknown.length) fail(`--sanitize must be ${sanitizers.join(' or ')}; found ${unknown.join(', ')}.`);
  return names;
}

/** The build: CMake's configuration, and the folder of its objects. */
function variantOf({ debug = false, sanitize }) {
  const names = sanitizersOf(sanitize);
  // Line numbers in a sanitizer's reports require debug information. Without optimisation, its checks take several
  // times longer.
  const config = debug ? 'Debug' : names.length ? 'RelWithDebInfo' : 'Release';
  const folder = ['build-cmake', ...(debug ? ['debug'] : []), ...names].join('-');
  return { config, sanitize: names.join(','), objects: path.join(root, folder) };
}

function cmakeJs({ config, objects }, args, options) {
  const program = path.join(path.dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  const all = [program, ...args, '-d', root, '-O', objects, '-B', config];
  return spawnSync(process.execPath, all, { cwd: root, ...options });
}

/** Configures when the settings have changed. CMake itself detects changed lists of files. */
function configure(variant, settings) {
  const stamp = path.join(variant.objects, 'settings.json');
  const wanted = JSON.stringify(settings);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  console.log(`Configuring the native build with LibTorch ${settings.version} in ${settings.directory}`);
  fs.rmSync(stamp, { force: true });
  const tests = settings.tests ? 'ON' : 'OFF';
  const definitions = {
    LIBTORCH: settings.directory,
    CIRCUIT_TRACER_TESTS: tests,
    CIRCUIT_TRACER_SANITIZE: variant.sanitize,
  };
  const args = ['configure', ...Object.entries(definitions).map(([name, value]) => `--CD${name}=${value}`)];
  const result = cmakeJs(variant, args, { encoding: 'utf8' });
  if (result.status !== 0) fail(`${result.stdout}${result.stderr}\nConfiguring the native build failed (see above).`);
  fs.writeFileSync(stamp, wanted);
}

function compile(variant) {
  const threads = String(os.availableParallelism());
  const result = cmakeJs(variant, ['build', '-l', 'error', '-p', threads], { stdio: 'inherit' });
  if (result.status !== 0) fail('The native build failed (see above).');
}

/** Replaces the file instead of overwriting it, because a running process may have mapped the old one. */
function install({ objects, config }, file, folder) {
  const source = path.join(objects, config, file);
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

/** Once requested, the test addon stays in the build. Switching it off and on would configure again each time. */
function wantsTests({ tests }, { objects }) {
  const stamp = path.join(objects, 'settings.json');
  return tests || (fs.existsSync(stamp) && JSON.parse(fs.readFileSync(stamp, 'utf8')).tests);
}

const flags = { tests: { type: 'boolean' }, debug: { type: 'boolean' }, sanitize: { type: 'string' } };

function main() {
  const { values, positionals } = parseArgs({ options: flags, allowPositionals: true });
  const variant = variantOf(values);
  const tests = Boolean(wantsTests(values, variant));
  const output = path.resolve(positionals[0] ?? path.join(root, 'build', 'Release'));
  const libtorch = findLibTorch();
  configure(variant, { directory: libtorch.directory, version: libtorch.version, tests, node: process.version });
  compile(variant);
  const program = process.platform === 'win32' ? '.exe' : '';
  const ofTests = ['circuit_tracer_oracle.node', 'circuit_tracer_bench.node', `circuit_tracer_core_test${program}`];
  for (const file of ['circuit_tracer.node', ...(tests ? ofTests : [])]) install(variant, file, output);
  install(variant, 'circuit_tracer_preload.node', path.join(output, 'preload'));
  fs.writeFileSync(
    path.join(output, 'circuit_tracer.json'),
    `${JSON.stringify({ libtorchVersion: libtorch.version })}\n`,
  );
}

main();
