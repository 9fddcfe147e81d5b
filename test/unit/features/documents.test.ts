// Field faults, section 3, last row: a corpus that holds the text of a token beyond the embedding.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readDocuments, type SkippedToken } from '../../../lib/harvest/documents';
import { Tokenizer } from '../../../lib/model/tokenizer';
import type { ReplacementModel } from '../../../lib/replacement-model/replacement-model';
import { modelDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';

test('a document is cut at a token that the model has no row for, and it is said', async () => {
  const tokenizer = await Tokenizer.load(modelDir('llama'));
  const text = path.join(temporaryFolder(), 'corpus.txt');
  const [before, after] = ['She counted salt', ' The baskets'];
  writeFileSync(text, `${before}<|end_of_text|><|end_of_text|>${after}\nShe\n<|end_of_text|>\n<|end_of_text|>She\n`);
  const model = { tokenizer, spec: { dVocab: 501 } } as unknown as ReplacementModel;
  const skipped: SkippedToken[] = [];
  const found = [];
  for await (const document of readDocuments(
    model,
    { text, context: 3 },
    () => true,
    (one) => skipped.push(one),
  )) {
    expect([...document.prefix]).toEqual([500]);
    found.push([document.line, document.start, ...document.tokens]);
  }
  const [first, second] = [tokenizer.encode(before), tokenizer.encode(after)];
  const n = first.length;
  expect(skipped).toEqual([
    { line: 0, place: n, id: 501 },
    { line: 0, place: n + 1, id: 501 },
    { line: 2, place: 0, id: 501 },
    { line: 3, place: 0, id: 501 },
  ]);
  const cut = (ids: number[], at: number) =>
    Array.from({ length: Math.ceil(ids.length / 2) }, (_, i) => [0, at + 2 * i, ...ids.slice(2 * i, 2 * i + 2)]);
  expect(found).toEqual([
    ...cut(first, 0),
    ...cut(second, n + 2),
    [1, 0, ...tokenizer.encode('She')],
    [3, 0, ...tokenizer.encode('She')],
  ]);
});
