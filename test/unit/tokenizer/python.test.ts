// Field faults, section 2: token ids (B1, B5, B6; U+0085, U+FEFF, U+017F). The vocabularies are trained anew, and the answers
// are those of Python's tokenizers 0.23; scripts/tokenizer-check makes them, and compares 3,000 texts a style.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer } from '../../../lib/model/tokenizer';

const styles = path.join(__dirname, 'styles');

interface Cases {
  readonly encode: readonly (readonly [string, number[] | null])[];
  readonly decode: readonly (readonly [number[], string])[];
}

describe.each(readdirSync(styles))('a tokenizer of the style %s', (style) => {
  const folder = path.join(styles, style);
  const cases = JSON.parse(readFileSync(path.join(folder, 'cases.json'), 'utf8')) as Cases;

  test('gives the ids that Python gives', async () => {
    const tokenizer = await Tokenizer.load(folder);
    const texts = cases.encode.map(([text]) => text);
    expect(texts).toEqual(expect.arrayContaining(['\ufeff', '\u0085\u2028\u2029', '\u017f1\n\n&']));
    for (const [text, ids] of cases.encode) {
      if (ids) expect([text, tokenizer.encode(text)]).toEqual([text, ids]);
      else expect(() => tokenizer.encode(text)).toThrow(expect.objectContaining({ code: 'ERR_TOKENIZER' }));
    }
  });

  test('gives the texts that Python gives', async () => {
    const tokenizer = await Tokenizer.load(folder);
    for (const [ids, text] of cases.decode) expect([ids, tokenizer.decode(ids)]).toEqual([ids, text]);
  });
});

test('the styles cover the published families', () => {
  const families = ['gemma', 'gpt-oss', 'gpt2', 'llama3', 'mistral', 'mistral-tekken', 'mistral-v3', 'neox', 'qwen3'];
  expect(readdirSync(styles)).toEqual(expect.arrayContaining(families));
});
