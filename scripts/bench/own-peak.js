/** Peak resident memory of this process alone. */
const fs = require('node:fs');

/**
 * On Linux, getrusage's maximum is taken over from the process that started this one, where that was larger; VmHWM isn't.
 */
function ownPeakMiB() {
  if (process.platform !== 'linux') return Math.round(process.resourceUsage().maxRSS / 1024);
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return Math.round(Number(kibibytes) / 1024);
}

module.exports = { ownPeakMiB };
