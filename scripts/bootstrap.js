#!/usr/bin/env node
/**
 * Brings a checkout from `git clone` to ready: npm packages, TypeScript, page, LibTorch, native addon. Each step is taken only
 * when its inputs have changed, and says so. Needs nothing but Node, so that it can run before the packages are there.
 *
 *   node scripts/bootstrap.js [--packages-only | --before-tsc] [--tests] [--debug] [--sanitize=address,undefined]
 *
 * --packages-only ends after the npm packages. --before-tsc does, too, and has the next run compile anew whatever the tsc
 * that follows leaves in dist/. --tests also builds the addon of the native tests. --debug and --sanitize
 * build another addon in place of the usual one, as scripts/build.js says.
 */
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { hashOf } = require('./hash-of');

const root = path.join(__dirname, '..');
const inRoot = (...parts) => path.join(root, ...parts);

class StepError extends Error {}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function run(what, program, args) {
  console.log(`> ${what}`);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: 'inherit',
      shell: program === 'npm' && process.platform === 'win32',
    });
    child.on('error', (error) => reject(new StepError(`${what}: ${program} can't be run: ${error.message}`)));
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new StepError(`${what}: failed with exit code ${code}`)),
    );
  });
}

/** A file of an npm package. */
function fileOf(name, ...parts) {
  return path.join(path.dirname(require.resolve(`${name}/package.json`, { paths: [root] })), ...parts);
}

const readStamp = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');

/** npm notes what it installed in a lock file of its own; only packages for other platforms may be absent from it. */
function packagesAreInstalled() {
  const wanted = readJson(inRoot('package-lock.json'))?.packages;
  const installed = readJson(inRoot('node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([name, { version, optional }]) => {
    if (name === '') return true;
    return installed[name] ? installed[name].version === version : optional;
  });
}

async function installPackages() {
  if (packagesAreInstalled()) return;
  await run('Installing npm packages', 'npm', ['ci', '--no-audit', '--no-fund']);
}

/** Says which sources dist/ was compiled from. */
const distStamp = inRoot('dist', '.stamp');

async function compileTypeScript() {
  const hash = hashOf(['lib', 'tsconfig.json', 'package-lock.json'], { without: path.join('lib', 'frontend') });
  if (readStamp(distStamp) === hash) return;
  fs.rmSync(inRoot('dist'), { recursive: true, force: true });
  await run('Compiling TypeScript', process.execPath, [fileOf('typescript', 'bin', 'tsc'), '-p', root]);
  fs.writeFileSync(distStamp, hash);
}

/** The page goes into dist/ too, after whatever TypeScript left there. */
async function buildPage() {
  const stamp = inRoot('dist', 'frontend', '.stamp');
  const hash = hashOf(['lib', 'tsconfig.json', 'package-lock.json']);
  if (readStamp(stamp) === hash) return;
  const config = inRoot('lib', 'frontend', 'vite.config.mts');
  const args = [fileOf('vite', 'bin', 'vite.js'), 'build', '--config', config, '--logLevel', 'warn'];
  await run('Building the page', process.execPath, args);
  fs.writeFileSync(stamp, hash);
}

function findLibTorch() {
  const { findLibTorch: find, compilable } = require(inRoot('dist', 'libtorch', 'find.js'));
  return find({ wanted: compilable });
}

async function fetchLibTorch() {
  const { found, tried } = findLibTorch();
  if (found) return found;
  if (process.env.LIBTORCH) throw new StepError(`LIBTORCH is set to a folder that won't do.\n${tried.join('\n')}`);
  await run('Fetching LibTorch, once for this user', process.execPath, [inRoot('dist', 'cli', 'main.js'), 'setup']);
  return findLibTorch().found;
}

/** @param variant the flags of another build than the usual */
async function buildNative(libtorch, tests, variant) {
  const output = inRoot('build', 'Release');
  const stamp = path.join(output, '.stamp');
  const settings = JSON.stringify([libtorch.directory, libtorch.version, process.arch, ...variant]);
  const hash = hashOf(['native', 'cmake', 'CMakeLists.txt', 'scripts/build.js'], { extra: settings });
  const [builtHash, builtTests] = readStamp(stamp).split(' ');
  if (builtHash === hash && (builtTests === 'tests' || !tests)) return;
  for (const [tool, cure] of [
    ['cmake', 'apt-get install cmake g++ ninja-build, or brew install cmake ninja'],
    ...(process.platform === 'linux' ? [['c++', 'apt-get install g++']] : []),
  ]) {
    if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error) {
      throw new StepError(`Building the native addon needs ${tool}, which isn't installed. Install it: ${cure}.`);
    }
  }
  fs.rmSync(stamp, { force: true });
  const args = [...variant, ...(tests ? ['--tests'] : [])];
  await run('Building the native addon', process.execPath, [inRoot('scripts', 'build.js'), ...args]);
  fs.writeFileSync(stamp, `${hash} ${tests ? 'tests' : ''}`);
}

/** Two commands started at once must not build over each other. */
async function locked(work) {
  const lockfile = require(require.resolve('proper-lockfile', { paths: [root] }));
  const release = await lockfile.lock(root, {
    lockfilePath: inRoot('build.lock'),
    retries: { retries: 3600, factor: 1, minTimeout: 500, maxTimeout: 500 },
  });
  try {
    return await work();
  } finally {
    await release();
  }
}

const isKnown = (flag) =>
  ['--packages-only', '--before-tsc', '--tests', '--debug'].includes(flag) || flag.startsWith('--sanitize=');

async function main(flags) {
  const unknown = flags.filter((flag) => !isKnown(flag));
  if (unknown.length) throw new StepError(`The set-up knows no ${unknown.join(' ')}.`);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17)) {
    throw new StepError(`Node 20.17 or later is needed; this is ${process.version}.`);
  }
  await installPackages();
  if (flags.includes('--packages-only')) return;
  if (flags.includes('--before-tsc')) return fs.rmSync(distStamp, { force: true });
  await locked(async () => {
    await compileTypeScript();
    await buildPage();
    const variant = flags.filter((flag) => /^--(debug$|sanitize=)/.test(flag)).sort();
    await buildNative(await fetchLibTorch(), flags.includes('--tests'), variant);
  });
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof StepError ? error.message : error);
  process.exit(1);
});
