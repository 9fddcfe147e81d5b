import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../../../lib/cli/main';
import { exitCodeOf } from '../../../lib/cli/runtime/exit';
import { NativeModel } from '../../../lib/engine/native-model';
import { BackgroundEncoder } from '../../../lib/tokenizer/background';
import { eventually } from '../../support/eventually';
import { copyOf, temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 6, M5: a tokenizer whose pattern takes for ever on a short text.

const demo = path.join(__dirname, '..', '..', '..', 'lib', 'demo');

/** A copy of the bundled model whose pattern backtracks. */
function hostileModel(): string {
  const folder = copyOf(path.join(demo, 'model'));
  const file = path.join(folder, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(file, 'utf8'));
  const split = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false };
  tokenizer.pre_tokenizer = { type: 'Sequence', pretokenizers: [split, tokenizer.pre_tokenizer] };
  writeFileSync(file, JSON.stringify(tokenizer));
  return folder;
}

afterEach(() => jest.restoreAllMocks());

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends attribute while a hostile prompt is tokenised', async (signal) => {
  const load = jest.spyOn(NativeModel, 'load');
  const encode = jest.spyOn(BackgroundEncoder.prototype, 'encode');
  const out = path.join(temporaryFolder(), 'graph.safetensors');
  const command = ['attribute', '-m', hostileModel(), '-t', path.join(demo, 'transcoders'), '-o', out];
  const done = run([...command, '--prompt', `${'a'.repeat(40)}!`]).catch((error: unknown) => error);
  await Promise.race([
    eventually(() => expect(encode).toHaveBeenCalled()),
    done.then((error) => Promise.reject(error)),
  ]);
  process.emit(signal);
  const error = await done;
  expect(error).toMatchObject({ code: 'ABORT_ERR' });
  expect(exitCodeOf(error)).toBe(130);
  expect(load).not.toHaveBeenCalled();
});
