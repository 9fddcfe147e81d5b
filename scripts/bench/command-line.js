/** Command lines of the benchmarks: a wrong one ends with exit code 2, as the command's own does. */
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

/** A file that can be written once all is measured: hours later is too late to find out that it can't. */
function writableFile(text) {
  try {
    fs.accessSync(path.dirname(path.resolve(text)), fs.constants.W_OK);
  } catch {
    throw new InvalidArgumentError('It must be in a folder that can be written to.');
  }
  return text;
}

/** A program with the options that all benchmarks of attribution have. */
function benchmark(name, description) {
  return new Command(name)
    .description(description)
    .exitOverride()
    .allowExcessArguments(false)
    .addOption(new Option('--kind <kind>', 'of transcoders').choices(kinds).default('per-layer'))
    .option('--repeat <times>', 'measure each so often; the fastest counts', positive, 1)
    .option('--dir <folder>', 'where checkpoints are kept', path.join(os.tmpdir(), 'circuit-tracer-bench'))
    .option('--json <file>', 'write all that was measured', writableFile);
}

/** Parses the command line and measures. */
async function runBenchmark(program, measure) {
  surviveBrokenStreams();
  try {
    await measure(program.parse().opts());
  } catch (error) {
    // Commander has said itself what is wrong with a command line.
    if (!(error instanceof CommanderError)) console.error(`error: ${error.message}`);
    process.exitCode = exitCodeOf(error);
  }
}

module.exports = { benchmark, deviceName, positive, runBenchmark, wholeNumberOrAll, wholeNumbers };
