/** How much memory a process needed, for tests and benchmarks. */
const { readFileSync } = require('node:fs');

/**
 * Most bytes that were resident in this process. On Linux not by `maxRSS`, which a process takes over from the one that started
 * it: under a large test runner it tells the runner's.
 */
exports.ownPeakBytes = () => {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
};
