// Threads that wait for others would else keep the cores busy that those need: each test file's process has one per core.
process.env.OMP_WAIT_POLICY ??= 'passive';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Those that make shipped data anew: `npm run test:slow`.
  testPathIgnorePatterns: ['<rootDir>/test/slow/'],
  transform: { '^.+\\.[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
  // ES modules, unless asked for the other file.
  moduleNameMapper: { '^(d3-(?:dispatch|force|quadtree|timer))$': '<rootDir>/node_modules/$1/dist/$1.js' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build'],
  // Looked up in the sandbox it makes loops over numbers several times slower.
  sandboxInjectedGlobals: ['Math'],
  // One more than the smallest machines have cores: some tests wait for a browser or a server.
  maxWorkers: 3,
  // A guard against what never ends; the longest tests take half a minute on an idle machine, and many times that on a busy one.
  testTimeout: 1_200_000,
  globalSetup: '<rootDir>/scripts/test-needs.js',
  reporters: ['default', '<rootDir>/scripts/test-summary-reporter.js'],
};
