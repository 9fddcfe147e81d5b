import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { writeSafetensors } from '../../../lib/io/safetensors';
import { setLogger } from '../../../lib/log';
import { openModelPlan } from '../../../lib/model/open-model';
import { llamaShapes, llamaSizes } from '../../support/memory-checkpoint';
import { temporaryFolder } from '../../support/temporary-folder';

const embedding = 'model.embed_tokens.weight';
const head = 'lm_head.weight';

/** What loading logs as a warning. */
const warnings: string[] = [];
beforeAll(() => setLogger(pino({ level: 'warn' }, { write: (line: string) => warnings.push(JSON.parse(line).msg) })));
afterAll(() => setLogger(pino({ level: 'silent' })));
beforeEach(() => {
  warnings.length = 0;
});

/** A Llama of one layer whose file holds `stored` of the two, with a number of its own each. */
async function makeModel(stored: Record<string, number>, config: Record<string, unknown>): Promise<string> {
  const folder = temporaryFolder();
  const { tie_word_embeddings: _, ...sizes } = llamaSizes;
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'llama', ...sizes, ...config }));
  const { [embedding]: vectors, ...shapes } = llamaShapes();
  const all = { ...shapes, ...Object.fromEntries(Object.keys(stored).map((name) => [name, vectors as number[]])) };
  const tensors = Object.entries(all).map(([name, shape]) => ({
    name,
    shape,
    dtype: 'F32' as const,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(stored[name] ?? 0.5),
  }));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

/** Which stored tensors are embedding and head. */
async function plan(stored: Record<string, number>, config: Record<string, unknown>) {
  const { weights } = await openModelPlan(await makeModel(stored, config));
  return [weights['embed.W_E'], weights['unembed.W_U']].map((weight) => weight?.name.replace(/ in .*/, ''));
}

const tied = { tie_word_embeddings: true };
const untied = { tie_word_embeddings: false };

/** Field faults, section 2, rows 3 and 4, and section 3, row 5: heads as transformers 5 has them. */
describe('embedding and head', () => {
  test('tied, and only the embedding stored: one weight, no warning', async () => {
    expect(await plan({ [embedding]: 1 }, tied)).toEqual([embedding, embedding]);
    expect(warnings).toEqual([]);
  });

  test('untied, both stored: two weights, no warning, even when they are equal', async () => {
    expect(await plan({ [embedding]: 1, [head]: 2 }, untied)).toEqual([embedding, head]);
    expect(await plan({ [embedding]: 1, [head]: 1 }, untied)).toEqual([embedding, head]);
    expect(warnings).toEqual([]);
  });

  test('tied, and a different head stored: the stored one, with a warning', async () => {
    expect(await plan({ [embedding]: 1, [head]: 2 }, tied)).toEqual([embedding, head]);
    expect(warnings).toEqual([
      expect.stringMatching(/config\.json: tie_word.*lm_head\.weight in \S+ is stored and differs/),
    ]);
  });

  test('tied, and an equal head stored: one weight, no warning', async () => {
    expect(await plan({ [embedding]: 1, [head]: 1 }, tied)).toEqual([embedding, embedding]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['false', untied],
    ['absent', {}],
  ])('tie_word_embeddings %s, and no head stored: the embedding, with a warning', async (_, config) => {
    expect(await plan({ [embedding]: 1 }, config)).toEqual([embedding, embedding]);
    expect(warnings).toEqual([
      expect.stringMatching(/config\.json: .*none is stored\. model\.embed_tokens\.weight in \S+ serves/),
    ]);
  });

  test('tied, and only the head stored: it is the embedding too, no warning', async () => {
    expect(await plan({ [head]: 1 }, tied)).toEqual([head, head]);
    expect(warnings).toEqual([]);
  });

  test('untied, and only the head stored: the embedding is missing', async () => {
    await expect(plan({ [head]: 1 }, untied)).rejects.toMatchObject({
      code: 'ERR_WEIGHT',
      message: expect.stringMatching(/embed_tokens/),
    });
  });

  test('a model with neither of them is refused', async () => {
    await expect(plan({}, tied)).rejects.toMatchObject({ code: 'ERR_WEIGHT' });
  });

  test('an abort ends the comparison', async () => {
    const folder = await makeModel({ [embedding]: 1, [head]: 1 }, tied);
    await expect(openModelPlan(folder, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });
});
