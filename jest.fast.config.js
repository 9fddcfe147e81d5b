const base = require('./jest.config');

/** Folders of tests that need no browser, and start neither the command line nor a server. */
const folders = [
  'integration/native',
  'integration/oracle',
  'integration/parity',
  'robustness/bad-input',
  'support',
  'unit',
];

/** What takes longest there, so that the rest takes less than 90 seconds on two cores. */
const long = [
  'integration/native/harvest', // runs a corpus
  'integration/native/polling', // long jobs, to be stopped in the middle
  'integration/native/transcoders',
  'integration/native/work', // counts the work of models of several sizes
  'integration/parity/converted', // each format, written and run again
  'integration/parity/lazy', // each case a second time
  'integration/parity/narrow-dtypes',
  'integration/parity/verify', // ablates feature by feature
  'unit/libtorch/fetch', // downloads that break off and wait
  'unit/libtorch/index-wheels', // the same
  'unit/memory/load', // loads in processes of their own, to see their memory
  'unit/packed-files', // has npm list a package of 13 MB
  'unit/transcoder/convert',
].map((name) => `test/${name}.test.ts`);

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  testPathIgnorePatterns: long.map((file) => `<rootDir>/${file.replaceAll('.', '\\.')}$`),
  reporters: ['default', ['<rootDir>/scripts/test-summary-reporter.js', { of: 'fast tests: ' }]],
};
