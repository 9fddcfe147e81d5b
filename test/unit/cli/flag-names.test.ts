import type { Command } from 'commander';
import { resolveAttributeOptions } from '../../../lib/attribution/options';
import { makeProgram } from '../../../lib/cli/main';
import { inFlags, namingEntries, withEntries } from '../../../lib/cli/options/flag-names';
import { CircuitTracerError } from '../../../lib/errors';
import { samplingOptions } from '../../../lib/intervention/options';
import { resolveOptions } from '../../../lib/options';
import { expectRejection } from '../../support/expect-rejection';

// Field faults, section 4: "the CLI's messages name library options".

function command(name: string): Command {
  return makeProgram([name]).commands[0] as Command;
}

function spoken(name: string, message: string): string {
  return (inFlags(new CircuitTracerError('ERR_INVALID_ARGUMENT', message), command(name)) as Error).message;
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

test.each([
  ['maxNLogits', 0, '--max-n-logits'],
  ['desiredLogitProb', 2, '--desired-logit-prob'],
  ['batchSize', 0, '--batch-size'],
  ['maxFeatureNodes', 0, '--max-feature-nodes'],
  ['updateInterval', 0, '--update-interval'],
  ['offload', 'moon', '--offload'],
  ['devices', ['moon'], '--devices'],
])('attribute calls %s %s', (option, value, flag) => {
  const message = messageOf(() => resolveAttributeOptions({ [option]: value }));
  expect(message.startsWith(`${option} must`)).toBe(true);
  expect(spoken('attribute', message)).toBe(message.replace(option, flag));
});

test.each([
  ['temperature', -1, '--temperature'],
  ['topK', 0, '--top-k'],
  ['topP', 2, '--top-p'],
  ['frequencyPenalty', Number.NaN, '--frequency-penalty'],
  ['seed', -1, '--seed'],
])('generate calls %s %s', (option, value, flag) => {
  const message = messageOf(() => resolveOptions(samplingOptions, { [option]: value }));
  expect(spoken('generate', message)).toBe(message.replace(option, flag));
});

test.each([
  [
    'attribute',
    "The device is full. Try batchSize 64 or 'auto', offload 'cpu', or fewer maxFeatureNodes.",
    "The device is full. Try --batch-size 64 or 'auto', --offload cpu, or fewer --max-feature-nodes.",
  ],
  [
    'verify',
    "To load with less memory, use dtype 'bfloat16', lazyEncoder, lazyDecoder, or device 'cpu'.",
    'To load with less memory, use --dtype bfloat16, --lazy-encoder, --lazy-decoder, or --device cpu.',
  ],
  [
    'start-server',
    'dataDir must be a folder; found none at /x.',
    '--graph-file-dir must be a folder; found none at /x.',
  ],
  ['attribute', 'The model has a seed and a temperature.', 'The model has a seed and a temperature.'],
  ['attribute', 'No file /x/batchSize-3.json, nor my.batchSize.', 'No file /x/batchSize-3.json, nor my.batchSize.'],
])('%s says it in flags: %s', (name, message, expected) => {
  expect(spoken(name, message)).toBe(expected);
});

test('code and cause stay, and other errors are left alone', () => {
  const error = new CircuitTracerError('ERR_OUT_OF_MEMORY', 'Try batchSize 1.');
  expect(inFlags(error, command('attribute'))).toMatchObject({ code: 'ERR_OUT_OF_MEMORY', cause: error });
  const other = new TypeError('batchSize');
  expect(inFlags(other, command('attribute'))).toBe(other);
  expect(inFlags(error, undefined)).toBe(error);
  expect(inFlags(error, command('setup'))).toBe(error);
});

test('entries of lists are named by their flags, in errors and in warnings', async () => {
  const entries = { interventions: ['--set 1:2:3=0', '--add 1:2:3=4'], targets: ['--target " Austin"'] };
  await expectRejection(
    namingEntries(entries, async () => {
      throw new CircuitTracerError('ERR_INVALID_ARGUMENT', 'interventions[1].layer must be 0; found 1.');
    }),
    'ERR_INVALID_ARGUMENT',
    /^--add 1:2:3=4: layer must be 0; found 1\.$/,
  );
  expect(withEntries('interventions[0] and interventions[1] both edit', entries)).toBe(
    '--set 1:2:3=0 and --add 1:2:3=4 both edit',
  );
  expect(withEntries('targets[0] must be one token; targets[7] too', entries)).toBe(
    '--target " Austin" must be one token; targets[7] too',
  );
});
