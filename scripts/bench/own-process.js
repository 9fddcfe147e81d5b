/** Runs a measurement in a process of its own, so that its peak memory is its own. */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

/** @returns what the program prints on its last line, as JSON */
function measureInOwnProcess(program, [script, ...args]) {
  const child = spawnSync(program, [script, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.error) throw new Error(`${program} can't be run: ${child.error.message}`);
  if (child.status !== 0) {
    throw new Error(`${path.basename(script)} ${args[0]} failed with ${child.status ?? child.signal} (see above)`);
  }
  return JSON.parse(child.stdout.trimEnd().split('\n').at(-1));
}

/** @param script beside this one */
const measureScript = (script, ...args) =>
  measureInOwnProcess(process.execPath, [path.join(__dirname, script), ...args]);

/** Other work on the machine only slows a run down. */
const fastest = (runs) => runs.reduce((a, b) => (b.seconds < a.seconds ? b : a));

module.exports = { fastest, measureInOwnProcess, measureScript };
