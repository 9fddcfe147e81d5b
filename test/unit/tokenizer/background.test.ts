// Field faults, section 4 and section 6, M5 and L8: tokenising on a thread. It runs the compiled package.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelSpec } from '../../../lib/engine/model-spec';
import { checkTokens } from '../../../lib/model/prompt';
import { Tokenizer } from '../../../lib/model/tokenizer';
import { withTimeLimit } from '../../../lib/tokenizer/guard';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir } from '../../support/fixtures';
import { copyOf } from '../../support/temporary-folder';

const style = (name: string) => path.join(__dirname, 'styles', name);

function withPattern(regex: string): string {
  const folder = copyOf(style('gpt2'));
  const file = path.join(folder, 'tokenizer.json');
  const json = JSON.parse(readFileSync(file, 'utf8'));
  const split = { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
  json.pre_tokenizer = { type: 'Sequence', pretokenizers: [split, json.pre_tokenizer] };
  writeFileSync(file, JSON.stringify(json));
  return folder;
}

const hostile = `${'a'.repeat(60)}!`;

test.each(['llama3', 'gemma', 'unigram', 'bert'])(
  'a long text of the style %s leaves the event loop free',
  async (name) => {
    const tokenizer = await Tokenizer.load(style(name));
    const text = 'The ferry crosses the river, 12 times. '.repeat(1000);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const ids = await tokenizer.encodeAsync(text);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
    expect(ids).toEqual(tokenizer.encode(text));
  },
);

test('a million characters without a space are no error', async () => {
  const tokenizer = await Tokenizer.load(style('unigram'));
  expect((await tokenizer.encodeAsync('a'.repeat(1_000_000))).length).toBeGreaterThan(10);
});

test('a pattern that never ends is left when the signal fires, and the next text is tokenised', async () => {
  const tokenizer = await Tokenizer.load(withPattern('(a+)+$'));
  expect(tokenizer.isQuick('a')).toBe(false);
  const controller = new AbortController();
  const stuck = tokenizer.prepareAsync(hostile, { signal: controller.signal });
  const behind = tokenizer.encodeAsync('b');
  stuck.catch(() => undefined);
  await delay(200);
  controller.abort();
  await expectRejection(stuck, 'ABORT_ERR', /aborted/);
  expect(await behind).toEqual(tokenizer.encode('b'));
  await expectRejection(tokenizer.encodeAsync('b', { signal: AbortSignal.abort() }), 'ABORT_ERR', /aborted/);
});

test('a pattern that never ends is left on this thread after a while', () => {
  expect(() => withTimeLimit(() => /(a+)+$/.test(hostile), 200)).toThrow(
    expect.objectContaining({ code: 'ERR_TOKENIZER', message: expect.stringMatching(/more than 0\.2 seconds/) }),
  );
  expect(withTimeLimit(() => 5, 200)).toBe(5);
});

test('errors of the thread are those of the call', async () => {
  const folder = withPattern('x');
  const tokenizer = await Tokenizer.load(folder);
  writeFileSync(path.join(folder, 'tokenizer.json'), '{}');
  await expectRejection(tokenizer.encodeAsync('a'.repeat(5000)), 'ERR_TOKENIZER', /model|changed/);
});

// Field faults, section 3, last row.
test('a token beyond the embedding is named with its place', async () => {
  const tokenizer = await Tokenizer.load(modelDir('llama'));
  const { tokens } = tokenizer.prepare('She counted<|end_of_text|> salt');
  const check = () => checkTokens(tokens, { dVocab: 501, maxPositions: 99 } as ModelSpec, tokenizer);
  const place = tokens.indexOf(501);
  expect(check).toThrow(
    expect.objectContaining({
      code: 'ERR_INVALID_PROMPT',
      message: expect.stringContaining(`"<|end_of_text|>", id 501, at position ${place}`),
    }),
  );
});
