#!/usr/bin/env node
/**
 * Prepares a checkout from `git clone`: npm packages, TypeScript, page, LibTorch, native addon. Each step only runs
 * when its inputs have changed, and prints a line. Requires only Node, because it runs before the packages are
 * installed.
 *
 *   node scripts/bootstrap.js [--packages-only | --before-tsc] [--tests] [--debug] [--sanitize=address,undefined]
 *
 * --packages-only stops after the npm packages. So does --before-tsc, which also makes the next run compile again, because
 * the tsc that follows may leave anything in dist/. --tests also builds the addon of the native tests. --debug and
 * --sanitize replace the usual addon by another build, as in scripts/build.js.
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
    child.on('error', (error) => reject(new StepError(`${what}: ${program} cannot be run: ${error.message}`)));
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new StepError(`${what}: failed with exit code ${code}`)),
    );
  });
}

/** The path of a file in an npm package. */
function fileOf(name, ...parts) {
  return path.join(path.dirname(require.resolve(`${name}/package.json`, { paths: [root] })), ...parts);
}

const readStamp = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');

/** npm records what it installed in its own lock file. Only packages for other platforms may be missing from it. */
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

/** The page is also built into dist/, after TypeScript. */
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
  if (process.env.LIBTORCH) throw new StepError(`LIBTORCH is set to an unusable folder.\n${tried.join('\n')}`);
  await run('Downloading LibTorch, once per user', process.execPath, [inRoot('dist', 'cli', 'main.js'), 'setup']);
  return findLibTorch().found;
}

/** @param variant the flags of a build other than the usual one */
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
      throw new StepError(
        `Building the native addon requires ${tool}, which is not installed. To install it: ${cure}.`,
      );
    }
  }
  fs.rmSync(stamp, { force: true });
  const args = [...variant, ...(tests ? ['--tests'] : [])];
  await run('Building the native addon', process.execPath, [inRoot('scripts', 'build.js'), ...args]);
  fs.writeFileSync(stamp, `${hash} ${tests ? 'tests' : ''}`);
}

/** Two commands that start at the same time must not overwrite each other's build. */
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
  if (unknown.length) throw new StepError(`Unknown flags: ${unknown.join(' ')}.`);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17)) {
    throw new StepError(`Node 20.17 or later is required; found ${process.version}.`);
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
