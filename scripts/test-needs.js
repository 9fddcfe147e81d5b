/**
 * What some tests need and a machine may lack. Jest calls this once before the tests; `test/support/needs.ts` skips the
 * tests of what is absent, and the summary says which and why.
 */
const { spawnSync } = require('node:child_process');

// Without the libraries of a sanitizer, which LD_PRELOAD may name for the addon: Chromium never ends with them.
const { LD_PRELOAD: _, ...environment } = process.env;
const start = (command) => spawnSync(command, ['--version'], { stdio: 'ignore', env: environment });
const isCommand = (command) => !start(command).error;

const needs = {
  chromium: {
    tests: 'the tests of the page in a browser',
    cure: () => require('./chromium').howToInstall,
    isThere: () => {
      const file = require('./chromium').findChromium();
      if (!file) return false;
      if (start(file).status === 0) return true;
      // One that was asked for by name, or is installed, should work: its absence from the tests would go unnoticed.
      throw new Error(`${file} doesn't start. Repair it, or set CHROMIUM to the path of a Chrome that does.`);
    },
  },
  prlimit: {
    tests: 'the test of running out of memory',
    cure: () => 'It limits address space, on Linux: apt-get install util-linux.',
    isThere: () => process.platform === 'linux' && isCommand('prlimit'),
  },
  openssl: {
    tests: 'the tests of encrypted downloads',
    cure: () => 'It makes certificates: apt-get install openssl.',
    isThere: () => isCommand('openssl'),
  },
  mkfifo: {
    tests: 'the tests of named pipes',
    cure: () => 'It makes them, on any system but Windows: apt-get install coreutils.',
    isThere: () => process.platform !== 'win32' && isCommand('mkfifo'),
  },
};

/** Environment variable with the names of what is absent, which the processes of the tests inherit. */
const variable = 'CIRCUIT_TRACER_TESTS_LACK';

const absent = () => (process.env[variable] ?? '').split(' ').filter(Boolean);

/** One line for each thing that is absent: what is skipped for want of it, and what to do. */
function explanations() {
  return absent().map((name) => `Skipped ${needs[name].tests}: ${name} is not on this machine. ${needs[name].cure()}`);
}

module.exports = async () => {
  process.env[variable] = Object.keys(needs)
    .filter((name) => !needs[name].isThere())
    .join(' ');
};
module.exports.absent = absent;
module.exports.explanations = explanations;
