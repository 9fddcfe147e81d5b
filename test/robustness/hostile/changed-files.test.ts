import path from 'node:path';
import { runNode } from '../../support/child';
import { copyOf, temporaryFolder } from '../../support/temporary-folder';

// Field faults, section 6, H1: files cut or written to under a model ended the process or gave other numbers.

const script = (name: string) => path.join(__dirname, 'scripts', `${name}.js`);
const demo = path.join(__dirname, '..', '..', '..', 'lib', 'demo');

const changed = 'ERR_FILE_CHANGED';
const perLayer = ['model.safetensors', 'layer_2.safetensors'];
const crossLayer = ['W_enc_1.safetensors', 'W_dec_1.safetensors'];

// Numbers are stored as float16: in float32 all but lazy rows are copied when they are loaded.
test.each<[string, string, object, string[], string[]]>([
  ['default', 'transcoders', {}, perLayer, ['layer_2.safetensors']],
  ['default', 'cross-layer-transcoders', {}, crossLayer, ['W_dec_1.safetensors']],
  ['lazyEncoder', 'cross-layer-transcoders', { lazyEncoder: true }, crossLayer, crossLayer],
  ['lazyDecoder: false', 'transcoders', { lazyDecoder: false }, perLayer, []],
  ['dtype as stored', 'transcoders', { dtype: 'float16' }, perLayer, perLayer],
])('%s, %s', async (_, set, options, files, inUse) => {
  const args = [temporaryFolder(), set, JSON.stringify(options), ...files];
  const { code, signal, stdout } = await runNode(script('changed-files'), args);
  const expected = files.flatMap((name) => {
    const outcome = inUse.includes(name) ? changed : 'same';
    return [`cut ${outcome}`, `rewritten ${outcome}`, 'renamed same', 'deleted same'].map(
      (words) => `${name} ${words}`,
    );
  });
  expect(stdout.trim().split('\n')).toEqual(expected);
  expect({ code, signal }).toEqual({ code: 0, signal: null });
});

test('a file written anew while it is loaded', async () => {
  const { code, signal, stdout } = await runNode(script('rewritten-while-loading'), [temporaryFolder(), '12']);
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  const outcomes = stdout.trim().split('\n');
  expect(outcomes).toHaveLength(12);
  for (const outcome of outcomes) expect(outcome).toMatch(/^(loaded|ERR_FILE_CHANGED|ERR_FILE_FORMAT|ERR_FILE_READ)$/);
});

test('also after a worker thread that loaded a model has ended', async () => {
  const result = await runNode(script('bus-errors'), ['threads', path.join(temporaryFolder(), 'transcoders')]);
  expect(result).toMatchObject({ code: 0, signal: null, stdout: `${changed},${changed}\n4\n` });
});

test('SIGBUS that is not of our making ends the process as before', async () => {
  expect(await runNode(script('bus-errors'), ['sent'])).toMatchObject({ code: null, signal: 'SIGBUS' });
});

test('the server answers with the error and goes on', async () => {
  const folder = copyOf(path.join(demo, 'transcoders'));
  const result = await runNode(script('cut-under-server'), [folder, temporaryFolder()]);
  expect(result).toMatchObject({ code: 0, signal: null, stdout: `200\n500 ${changed}\n500 ${changed}\n200\n` });
});
