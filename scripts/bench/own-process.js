/** Runs a measurement in its own process, so that its peak memory can be measured. */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

/** @returns the last line that the program prints, as JSON */
function measureInOwnProcess(program, [script, ...args]) {
  const child = spawnSync(program, [script, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.error) throw new Error(`${program} cannot be run: ${child.error.message}`);
  if (child.status !== 0) {
    throw new Error(`${path.basename(script)} ${args[0]} failed with ${child.status ?? child.signal} (see above)`);
  }
  return JSON.parse(child.stdout.trimEnd().split('\n').at(-1));
}

/** @param script a script in this folder */
const measureScript = (script, ...args) =>
  measureInOwnProcess(process.execPath, [path.join(__dirname, script), ...args]);

/** Other work on the machine can only slow a run down, so the fastest counts. */
const fastest = (runs) => runs.reduce((a, b) => (b.seconds < a.seconds ? b : a));

module.exports = { fastest, measureInOwnProcess, measureScript };
