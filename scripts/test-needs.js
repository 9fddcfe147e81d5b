/**
 * The optional programs that some tests require. Jest calls this once before the tests. `test/support/needs.ts` skips
 * the tests whose program is missing, and the summary lists them with the reason.
 */
const { spawnSync } = require('node:child_process');

// Without the sanitizer libraries that LD_PRELOAD may name for the addon, because Chromium hangs with them.
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
      // A browser that is named or installed should work. Otherwise, skipped tests could go unnoticed.
      throw new Error(`${file} does not start. Repair it, or set CHROMIUM to the path of a working Chrome.`);
    },
  },
  prlimit: {
    tests: 'the test of running out of memory',
    cure: () => 'It limits address space on Linux: apt-get install util-linux.',
    isThere: () => process.platform === 'linux' && isCommand('prlimit'),
  },
  openssl: {
    tests: 'the tests of encrypted downloads',
    cure: () => 'It makes certificates: apt-get install openssl.',
    isThere: () => isCommand('openssl'),
  },
  mkfifo: {
    tests: 'the tests of named pipes',
    cure: () => 'It creates them on any system except Windows: apt-get install coreutils.',
    isThere: () => process.platform !== 'win32' && isCommand('mkfifo'),
  },
};

/** The environment variable with the names of missing programs, which test processes inherit. */
const variable = 'CIRCUIT_TRACER_TESTS_LACK';

const absent = () => (process.env[variable] ?? '').split(' ').filter(Boolean);

/** One line for each missing program: the skipped tests, and how to install it. */
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
