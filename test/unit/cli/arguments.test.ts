import { makeProgram } from '../../../lib/cli/main';
import { findValueFlags, normaliseArguments, tokenIds, wholeNumber } from '../../../lib/cli/options/arguments';
import { pruneThresholds } from '../../../lib/graph/prune-options';

describe('normaliseArguments', () => {
  const valueFlags = new Set(['--prompt', '-p', '--max-n-logits']);
  test.each([
    [
      ['--max_n_logits', '5'],
      ['--max-n-logits', '5'],
    ],
    [['--max_n_logits=5'], ['--max-n-logits=5']],
    [['--slug=a_b'], ['--slug=a_b']],
    [
      ['--max-n-logits', '5'],
      ['--max-n-logits', '5'],
    ],
    [
      ['--prompt', '--a_b'],
      ['--prompt', '--a_b'],
    ],
    [
      ['-p', '--a_b', '--lazy_encoder'],
      ['-p', '--a_b', '--lazy-encoder'],
    ],
    [['--prompt=--a_b\nc_d'], ['--prompt=--a_b\nc_d']],
    [
      ['my_file', '-o_x'],
      ['my_file', '-o_x'],
    ],
    [
      ['--', '--a_b'],
      ['--', '--a_b'],
    ],
    [
      ['--prompt', '--', '--a_b'],
      ['--prompt', '--', '--a-b'],
    ],
  ])('%j', (args, expected) => {
    expect(normaliseArguments(args, valueFlags)).toEqual(expected);
  });
});

test('every flag of the reference command is taken, in both spellings', () => {
  const attribute = makeProgram().commands.find((command) => command.name() === 'attribute');
  const flags = attribute?.options.flatMap(({ long, short }) => [long, short]) ?? [];
  const reference =
    'model transcoder_set prompt graph_output_path dtype max_n_logits desired_logit_prob batch_size offload ' +
    'max_feature_nodes verbose lazy-encoder lazy-decoder backend slug graph_file_dir node_threshold edge_threshold';
  for (const name of reference.split(' ')) {
    const [plain] = normaliseArguments([`--${name}`], new Set());
    expect(flags).toContain(plain);
  }
  expect(flags).toEqual(expect.arrayContaining(['-m', '-t', '-p', '-o']));
});

test('flags with values are known, the others too', () => {
  const flags = findValueFlags(makeProgram());
  expect([...flags]).toEqual(expect.arrayContaining(['--prompt', '-p', '--batch-size', '--tokens']));
  expect(flags.has('--verbose')).toBe(false);
  expect(flags.has('--lazy-encoder')).toBe(false);
});

describe('option values', () => {
  test('wholeNumber accepts whole numbers in the range', () => {
    expect(wholeNumber(1)('256')).toBe(256);
    for (const text of ['0', '-1', '1.5', '', 'x', '1e3', 'Infinity', '99999999999', '0x10']) {
      expect(() => wholeNumber(1)(text)).toThrow(/whole number from 1/);
    }
  });

  test('a threshold accepts numbers from 0 to 1', () => {
    const { kind } = pruneThresholds.nodeThreshold;
    const fraction = (text: string) => kind.check(kind.read(text), '--node-threshold');
    expect([fraction('0.95'), fraction('0'), fraction('1'), fraction('.5')]).toEqual([0.95, 0, 1, 0.5]);
    for (const text of ['2', '-0.1', '', ' ', 'NaN', 'Infinity', 'x'])
      expect(() => fraction(text)).toThrow(/from 0 to 1/);
  });

  test('tokenIds accepts ids separated by commas', () => {
    expect(tokenIds('2,5, 7')).toEqual([2, 5, 7]);
    for (const text of ['', '2,,5', '2;5', '-1', '1.5', '2,']) expect(() => tokenIds(text)).toThrow(/2,5,7/);
  });
});

// Field faults, section 5, d5.
test.each([80, 60])('help fits %i columns, but for single words', (width) => {
  const program = makeProgram();
  const tooLong = [program, ...program.commands].flatMap((command) => {
    command.configureOutput({ getOutHelpWidth: () => width });
    const lines = command.helpInformation().split('\n');
    return lines.filter((line) => line.length > width && line.trim().includes(' ') && !line.startsWith('Usage:'));
  });
  expect(tooLong).toEqual([]);
});
