#!/usr/bin/env node
/**
 * Runs the tests under different settings of this machine: `npm run test:matrix`. Prints how many pass and how long
 * they take.
 *
 *   node scripts/test-matrix.js [SETTING…] [-- JEST ARGUMENTS]
 *
 * Without a setting, runs all of the following in order.
 */
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { textTable } = require('./bench/text-table');

const root = path.join(__dirname, '..');
const jest = path.join(path.dirname(require.resolve('jest/package.json')), 'bin', 'jest.js');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'test-matrix-'));

/** Tests of computed numbers, which a processor or its threads could change. */
const numbers = [
  'test/integration/parity',
  'test/integration/oracle',
  'test/integration/native',
  'test/integration/demo',
  'test/integration/property',
];
const mkl = (instructions) => ({ ATEN_CPU_CAPABILITY: 'avx2', MKL_ENABLE_INSTRUCTIONS: instructions });
const threads = (count) => ({ OMP_NUM_THREADS: String(count), MKL_NUM_THREADS: String(count) });

const settings = {
  plain: {},
  'no vector instructions': { env: { ATEN_CPU_CAPABILITY: 'default' } },
  AVX2: { env: { ATEN_CPU_CAPABILITY: 'avx2' } },
  'one core': { before: ['taskset', '-c', '0'] },
  'no Chromium': { env: () => ({ PATH: pathWithoutChromium() }) },
  'eight busy loops': { busy: 8 },
  'numbers, MKL with AVX2': { env: mkl('AVX2'), tests: numbers },
  'numbers, MKL with SSE4.2': { env: mkl('SSE4_2'), tests: numbers },
  'numbers, 1 thread': { env: threads(1), tests: numbers },
  'numbers, 3 threads': { env: threads(3), tests: numbers },
  'numbers, 16 threads': { env: threads(16), tests: numbers },
};

/** A folder with links to every command in PATH except browsers. */
function pathWithoutChromium() {
  const folder = path.join(work, 'bin');
  fs.mkdirSync(folder, { recursive: true });
  for (const place of process.env.PATH.split(path.delimiter)) {
    const names = fs.existsSync(place) ? fs.readdirSync(place) : [];
    for (const name of names.filter((each) => !/^(chromium|google-chrome)/.test(each))) {
      if (!fs.existsSync(path.join(folder, name))) fs.symlinkSync(path.join(place, name), path.join(folder, name));
    }
  }
  return folder;
}

/** Starts busy loops that run until this process ends. */
function startBusyLoops(count) {
  const loop = `while (process.ppid === ${process.pid});`;
  return Array.from({ length: count }, () => spawn(process.execPath, ['-e', loop], { stdio: 'ignore' }));
}

/** @returns a row of the table */
function run(name, jestArguments) {
  const { env = {}, before = [], busy = 0, tests = [] } = settings[name];
  const report = path.join(work, `${name}.json`);
  const [program, ...args] = [...before, process.execPath, jest, '--json', '--outputFile', report, ...tests];
  const loops = startBusyLoops(busy);
  const started = performance.now();
  console.log(`> ${name}`);
  const { status } = spawnSync(program, [...args, ...jestArguments], {
    cwd: root,
    env: { ...process.env, ...(typeof env === 'function' ? env() : env) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const seconds = (performance.now() - started) / 1000;
  for (const loop of loops) loop.kill('SIGKILL');
  const found = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : {};
  const failed = (found.numFailedTests ?? 0) + (found.numRuntimeErrorTestSuites ?? 1);
  return { name, seconds, failed, passed: found.numPassedTests, skipped: found.numPendingTests, status };
}

function main(args) {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const [names, jestArguments] = [args.slice(0, end), args.slice(end + 1)];
  const unknown = names.filter((name) => !(name in settings));
  if (unknown.length)
    throw new Error(`Unknown setting ${unknown.join(', ')}. Known settings: ${Object.keys(settings).join(', ')}.`);
  const rows = (names.length ? names : Object.keys(settings)).map((name) => run(name, jestArguments));
  const column = (title) => [title, (row) => row[title]];
  const seconds = ['seconds', (row) => row.seconds.toFixed(0)];
  const code = ['exit code', ({ status }) => status];
  console.log(
    textTable([['setting', ({ name }) => name], seconds, ...['passed', 'failed', 'skipped'].map(column), code], rows),
  );
  if (rows.some(({ status }) => status !== 0)) process.exitCode = 1;
  fs.rmSync(work, { recursive: true, force: true });
}

main(process.argv.slice(2));
