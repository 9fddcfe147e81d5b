/** Measures the memory of a process, for tests and benchmarks. */
const { readFileSync } = require('node:fs');

/**
 * The peak resident memory of this process in bytes. On Linux it is not `maxRSS`, which a process inherits from its
 * parent. Under a large test runner, that would be the runner's peak.
 */
exports.ownPeakBytes = () => {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
};
