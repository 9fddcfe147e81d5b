/** The Python reference, if it is installed. See python-reference.py. */
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { measureInOwnProcess } = require('./own-process');

const script = path.join(__dirname, 'python-reference.py');

/**
 * @returns the versions of Python and packages
 * @throws Error that says what is missing
 */
function pythonVersions(executable) {
  const { error, status, stdout, stderr } = spawnSync(executable, [script], { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout);
  throw new Error(error ? `${executable} cannot be run: ${error.message}` : stderr.trim());
}

const measurePython = (executable, dir, settings) =>
  measureInOwnProcess(executable, [script, dir, JSON.stringify(settings)]);

module.exports = { measurePython, pythonVersions };
