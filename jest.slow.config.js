/** @type {import('jest').Config} */
module.exports = {
  ...require('./jest.config'),
  testMatch: ['<rootDir>/test/slow/**/*.test.ts'],
  testPathIgnorePatterns: [],
  testTimeout: 3_600_000,
  reporters: ['default', ['<rootDir>/scripts/test-summary-reporter.js', { of: 'slow tests: ' }]],
};
