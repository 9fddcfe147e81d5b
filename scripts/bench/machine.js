/** Information about the measurement and the machine, for every report. */
const os = require('node:os');
const { packageVersion } = require('../../dist');
const { binding } = require('../../dist/engine/binding');

const machine = () => ({
  cpu: os.cpus()[0]?.model,
  cores: os.availableParallelism(),
  memoryGiB: Math.round(os.totalmem() / 2 ** 30),
  load: os.loadavg()[0],
});

const versions = () => ({
  package: packageVersion,
  node: process.version,
  libtorch: binding().libtorchVersion,
});

/** The head of a report: time, command and machine. `name` is the script in package.json. */
const reportHead = (name) => ({
  date: new Date().toISOString().slice(0, 10),
  command: `npm run ${name} -- ${process.argv.slice(2).join(' ')}`.trim(),
  machine: machine(),
  versions: versions(),
});

module.exports = { reportHead };
