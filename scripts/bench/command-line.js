/** Command lines of the benchmarks. Usage errors end with exit code 2, as in the main command. */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Command, CommanderError, InvalidArgumentError, Option } = require('commander');
const { wholeNumber } = require('../../dist/cli/options/arguments');
const { exitCodeOf, surviveBrokenStreams } = require('../../dist/cli/runtime/exit');
const { kinds } = require('./sizes');

const positive = wholeNumber(1);

/** A parser of whole numbers separated by commas. */
const wholeNumbers = (text) => text.split(',').map((part) => positive(part.trim()));

const wholeNumberOrAll = (text) => (text === 'all' ? Number.POSITIVE_INFINITY : positive(text));

function deviceName(text) {
  if (/^(cpu|cuda(:\d+)?)$/.test(text)) return text;
  throw new InvalidArgumentError('It must be cpu, cuda or cuda:N.');
}

/** A file that must be writable. It is checked before the measurements, which may take hours. */
function writableFile(text) {
  try {
    fs.accessSync(path.dirname(path.resolve(text)), fs.constants.W_OK);
  } catch {
    throw new InvalidArgumentError('It must be in a writable folder.');
  }
  return text;
}

/** A program with the common options of all attribution benchmarks. */
function benchmark(name, description) {
  return new Command(name)
    .description(description)
    .exitOverride()
    .allowExcessArguments(false)
    .addOption(new Option('--kind <kind>', 'kind of transcoders').choices(kinds).default('per-layer'))
    .option('--repeat <times>', 'number of measurements; the fastest counts', positive, 1)
    .option('--dir <folder>', 'folder for checkpoints', path.join(os.tmpdir(), 'circuit-tracer-bench'))
    .option('--json <file>', 'write all measurements as JSON', writableFile);
}

/** Parses the command line and runs the measurements. */
async function runBenchmark(program, measure) {
  surviveBrokenStreams();
  try {
    await measure(program.parse().opts());
  } catch (error) {
    // Commander has already printed usage errors.
    if (!(error instanceof CommanderError)) console.error(`error: ${error.message}`);
    process.exitCode = exitCodeOf(error);
  }
}

module.exports = { benchmark, deviceName, positive, runBenchmark, wholeNumberOrAll, wholeNumbers };
