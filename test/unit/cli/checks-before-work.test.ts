import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CommanderError } from 'commander';
import { run } from '../../../lib/cli/main';
import { exitCodeOf } from '../../../lib/cli/runtime/exit';
import { NativeModel } from '../../../lib/engine/native-model';
import { CircuitTracerError } from '../../../lib/errors';
import { temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 4, row "Bad layers, temperatures, lengths, text files"; d3.

const dallas = ['--prompt', 'Fact: the capital of the state containing Dallas is'];
const folder = temporaryFolder();
const inFolder = (name: string, text: string) => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};
const out = path.join(folder, 'g.safetensors');
const empty = inFolder('empty.txt', '');
const words = inFolder('words.csv', 'a');
const text = inFolder('text.txt', 'The capital of Texas is Austin.\n');
const edits = inFolder(
  'edits.json',
  '[{ "layer": 0, "position": 1, "feature": 1, "value": 0 }, { "layer": 77, "position": 1, "feature": 1, "value": 0 }]',
);
const long = Array.from({ length: 300 }, () => '5').join(',');

interface Refusal {
  readonly error: unknown;
  /** What is printed of it. */
  readonly message: string;
}

async function refusalOf(args: readonly string[]): Promise<Refusal> {
  let printed = '';
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    printed += String(chunk);
    return true;
  });
  try {
    await run(args);
  } catch (error) {
    return { error, message: error instanceof CommanderError ? printed : (error as Error).message };
  } finally {
    write.mockRestore();
  }
  throw new Error(`${args.join(' ')} was not refused`);
}

const weightsRead = new CircuitTracerError('ERR_NATIVE', 'the weights were read');
beforeEach(() => {
  jest.spyOn(NativeModel, 'load').mockRejectedValue(weightsRead);
});
afterEach(() => jest.restoreAllMocks());

test('a good command line reads weights', async () => {
  const { error } = await refusalOf(['attribute', ...dallas, '-o', out]);
  expect(error).toBe(weightsRead);
});

/** Names of options that a command line has no such word for. */
const libraryWords =
  /(?<!-)\b(?:maxNewTokens|topP|topK|frequencyPenalty|constrainedLayers|interventions\[|targets\[|dataDir|featuresDir|transcoderSet|maxFeatureNodes|batchSize)/;

test.each<[string, string[], RegExp]>([
  [
    'attribute',
    [...dallas, '--target', ' not one token', '-o', out],
    /^--target " not one token" must be exactly one token/,
  ],
  ['attribute', [...dallas, '--target-diff', ' Austin', ' not one', '-o', out], /^--target-diff " Austin" " not one"/],
  [
    'attribute',
    [...dallas, '--target-feature', '9:3:1', '-o', out],
    /^--target-feature 9:3:1: layer must be .* found 9/,
  ],
  ['attribute', [...dallas, '--target-feature', '1:99:1', '-o', out], /^--target-feature 1:99:1: position/],
  ['attribute', [...dallas, '--target-feature', '1:3:99999', '-o', out], /^--target-feature 1:3:99999: feature/],
  ['attribute', ['--tokens', '2,99999', '-o', out], /Token ids must be whole numbers from 0 to/],
  ['attribute', ['--tokens', long, '-o', out], /300 tokens.* at most 256/],
  [
    'attribute',
    [...dallas, '--neuronpedia', '--slug', 'a', '--graph-file-dir', folder],
    /are not known\. --neuronpedia-set must be/,
  ],
  ['attribute', [...dallas, '--device', 'cuda:77', '-o', out], /cuda:77/],
  ['attribute', [...dallas, '--labels', path.join(folder, 'nope.json'), '-o', out], /nope\.json/],
  ['attribute', [...dallas, '--batch-size', '0', '-o', out], /--batch-size/],
  ['intervene', [...dallas, '--set', '9:1:1=0'], /^--set 9:1:1=0: layer must be a whole number from 0 to \d; found 9/],
  ['intervene', [...dallas, '--set', '1:1:1=0', '--scale', '1:-99:1=2'], /^--scale 1:-99:1=2: position/],
  ['intervene', [...dallas, '--add', '1:1:100000=2'], /^--add 1:1:100000=2: feature in layer 1 must be/],
  ['intervene', [...dallas, '--add', '1:2..4:1=2,3,4'], /^--add 1:2\.\.4:1=2,3,4: add must be one number/],
  ['intervene', [...dallas, '--interventions', edits], /^--interventions .*edits\.json, entry 1: layer must be/],
  ['intervene', [...dallas, '--set', '1:1:1=0', '--constrained-layers', '0..99'], /^--constrained-layers\.stop/],
  ['intervene', ['--tokens', '2,99999', '--set', '1:1:1=0'], /Token ids must be/],
  ['generate', [...dallas, '--max-new-tokens', '300'], /^--max-new-tokens must be at most 246, because/],
  ['generate', [...dallas, '--temperature', '-1'], /^--temperature must be a finite number of 0 or more; found -1/],
  ['generate', [...dallas, '--temperature', 'warm'], /--temperature/],
  ['generate', [...dallas, '--top-p', '0'], /--top-p.*greater than 0/s],
  ['generate', [...dallas, '--frequency-penalty', 'x'], /--frequency-penalty/],
  ['generate', [...dallas, '--set', '9:1:1=0'], /^--set 9:1:1=0: layer/],
  ['generate', [...dallas, '--set', '1:1..:1=1,2'], /^--set 1:1\.\.:1=1,2: value must be one number/],
  ['harvest', ['--text', path.join(folder, 'nope.txt'), '--out', folder], /nope\.txt/],
  ['harvest', ['--text', empty, '--out', folder], /expected text, found none/],
  ['harvest', ['--text', words, '--out', folder], /expected a \.txt or \.jsonl file/],
  ['harvest', ['--text', text, '--out', text], /text\.txt/],
  ['harvest', ['--text', text, '--out', folder, '--window', '0'], /^--window must be/],
  ['harvest', ['--text', text, '--out', folder, '--top-examples', '5000'], /^--top-examples must be/],
  ['verify', [path.join(folder, 'nope.safetensors')], /nope\.safetensors/],
  ['verify', [out, '--tolerance', '-1'], /--tolerance/],
  [
    'start-server',
    ['--graph-file-dir', path.join(folder, 'missing'), '-m', 'demo'],
    /^--graph-file-dir must be a folder/,
  ],
  ['start-server', ['--graph-file-dir', path.join(folder, 'missing')], /^--graph-file-dir must be a folder/],
  [
    'start-server',
    ['--graph-file-dir', folder, '--features-dir', '/nope', '-m', 'demo'],
    /^--features-dir must be a folder/,
  ],
  ['start-server', ['--graph-file-dir', folder, '--token', 'short', '-m', 'demo'], /^--token must be/],
  ['demo', ['--out', text], /text\.txt/],
  ['fetch', ['mwhanna/gemma-scope-transcoders', 'not a//name@@'], /not a\/\/name@@/],
  ['attribute', [...dallas, '-t', emptyModelName(), '-o', out], /^--model must be given: .*has no model_name/],
])('%s is refused before weights are read: case %#', async (command, args, message) => {
  const { error, message: found } = await refusalOf([command, ...args]);
  expect(found).toMatch(message);
  expect(found).not.toMatch(libraryWords);
  expect(exitCodeOf(error)).not.toBe(0);
  expect(NativeModel.load).not.toHaveBeenCalled();
});

function emptyModelName(): string {
  const set = path.join(folder, 'set');
  mkdirSync(set);
  writeFileSync(
    path.join(set, 'config.yaml'),
    'model_kind: transcoder_set\nscan: none\nfeature_input_hook: mlp.hook_in\nfeature_output_hook: hook_mlp_out\n',
  );
  return set;
}
