import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type FeatureIntervention, type GenerateOptions, type NdArray, ReplacementModel } from '../../../lib';
import { digits } from '../../support/bounds';
import { expectClose } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { testDevice } from '../../support/use-case';

const prompt = 'My sister keeps the letters';
const steering: FeatureIntervention[] = [{ layer: 0, position: { start: 1 }, feature: 219, value: 0.9 }];
const free: GenerateOptions = { freezeAttention: false, stopIds: [], maxNewTokens: 5 };

describe('generation', () => {
  let model: ReplacementModel;
  beforeAll(async () => {
    const [folder, transcoders] = [modelDir('gemma2'), transcoderDir('gemma2-clt-relu')];
    model = await ReplacementModel.load(folder, transcoders, { device: testDevice });
  });
  afterAll(() => model.dispose());

  test('with the cache and without: the same tokens, logits and activations', async () => {
    const cached = await model.generate(prompt, { interventions: steering, ...free, rawLogits: true });
    const uncached = await model.generate(prompt, {
      interventions: steering,
      ...free,
      rawLogits: true,
      kvCache: false,
    });
    expect([...cached.tokens]).toEqual([...uncached.tokens]);
    expectClose('logits', cached.logits.data, uncached.logits.data);
    expectClose('raw logits', cached.rawLogits?.data ?? [], uncached.rawLogits?.data ?? []);
    expect(cached.activations?.shape).toEqual([4, cached.tokens.length - 1, 224]);
    expectClose('activations', (cached.activations as NdArray).data, (uncached.activations as NdArray).data);
  });

  test('sparse activations are the non-zero ones', async () => {
    const dense = (await model.generate(prompt, { interventions: steering, ...free })).activations as NdArray;
    const { activations } = await model.generate(prompt, { interventions: steering, ...free, sparse: true });
    if (!activations || !('indices' in activations)) throw new Error('expected sparse activations');
    expect(activations.shape).toEqual(dense.shape);
    expect([...activations.values]).toEqual([...dense.data.filter((value) => value !== 0)]);
  });

  test('an intervention changes the text; without any, generation is the plain model', async () => {
    const strong = steering.map((entry) => ({ ...entry, value: 60 }));
    const plain = await model.generate(prompt, free);
    expect((await model.generate(prompt, { interventions: strong, ...free })).newText).not.toBe(plain.newText);
    const forward = await model.forward(plain.tokens.slice(0, -1), { exactTokens: true });
    expectClose('last logits', plain.logits.data.slice(-512), forward.data.slice(-512));
  });

  test('a seed gives the same text twice, another seed another one', async () => {
    const text = async (seed: number) =>
      (
        await model.generate(prompt, {
          interventions: steering,
          ...free,
          temperature: 1,
          topK: 50,
          topP: 0.9,
          seed,
          maxNewTokens: 8,
        })
      ).text;
    const first = await text(1);
    expect(await text(1)).toBe(first);
    expect(await text(2)).not.toBe(first);
  });

  test('a stop id ends it and belongs to it', async () => {
    const { newTokens } = await model.generate(prompt, { interventions: steering, ...free });
    const stopped = await model.generate(prompt, {
      interventions: steering,
      ...free,
      stopIds: [newTokens[1] as number],
    });
    expect([...stopped.newTokens]).toEqual([...newTokens.slice(0, 2)]);
  });

  test.each([true, false])('cancelling stops within one token (cache: %p)', async (kvCache) => {
    const controller = new AbortController();
    const options = { ...free, maxNewTokens: 200, kvCache, signal: controller.signal };
    let seen = 0;
    const run = async () => {
      for await (const _ of model.generateStream(prompt, { interventions: steering, ...options }))
        if (++seen === 3) controller.abort();
    };
    await expectRejection(run(), 'ABORT_ERR', /aborted/);
    expect(seen).toBe(3);
  });

  test('leaving the loop leaves the model usable', async () => {
    for await (const { text } of model.generateStream(prompt, { interventions: steering, ...free })) {
      expect(typeof text).toBe('string');
      break;
    }
    expect((await model.generate(prompt, { ...free, maxNewTokens: 1 })).newTokens).toHaveLength(1);
  });

  test('rejects invalid options', async () => {
    const refused = (options: GenerateOptions, name: RegExp) =>
      expectRejection(model.generate(prompt, { interventions: steering, ...options }), 'ERR_INVALID_ARGUMENT', name);
    await refused({ maxNewTokens: 0 }, /maxNewTokens/);
    await refused({ maxNewTokens: 100_000 }, /maxNewTokens must be at most \d+, because .*; found 100000/);
    await refused({ stopIds: [600] }, /stopIds\[0\]/);
    await refused({ constrainedLayers: [] }, /constrainedLayers/);
    await refused({ constrainedLayers: { start: 2, stop: 5 } }, /constrainedLayers\.stop.*4; found 5/);
    await refused({ maxNewToken: 3 } as GenerateOptions, /Did you mean 'maxNewTokens'/);
    const late = [{ ...steering[0], position: { start: 8 } }] as FeatureIntervention[];
    await expectRejection(model.intervene(prompt, late), 'ERR_INVALID_ARGUMENT', /interventions\[0\].*open-ended/);
    expect((await model.generate(prompt, { interventions: late, ...free })).newTokens).toHaveLength(5);
  });

  test('targets that cannot be are named', async () => {
    const refused = (targets: unknown, name: RegExp) =>
      expectRejection(model.attribute(prompt, { targets: targets as [] }), 'ERR_INVALID_ARGUMENT', name);
    await refused([' river', ' riverferry'], /targets\[1\] must be exactly one token.*" river" \(306\)/);
    await refused([''], /targets\[0\].*is 0/);
    await refused([], /at least one target/);
    await refused([600], /targets\[0\].*0 to 511; found 600/);
    await refused([3, { token: 3, position: -1 }], /targets\[1\] repeats.*targets\[0\]\. Remove one/);
    await refused([{ token: 3, position: 8 }], /targets\[0\]\.position/);
    await refused([{ token: 3, weight: -1 }], /targets\[0\]\.weight/);
    await refused([{ label: 'x', vector: [1, 2] }], /targets\[0\]\.vector must hold 56 numbers/);
    await refused([{ vector: new Float32Array(56) }], /targets\[0\]\.label/);
    await refused([{ feature: { layer: 0, position: 0, feature: 1 } }], /because special tokens have no features/);
    await refused([{ feature: { layer: 4, position: 1, feature: 1 } }], /targets\[0\]\.feature\.layer/);
    await refused([{ difference: [3, 3] }], /two different tokens; found the same token twice/);
    await refused([{ tokens: 3 }], /must be a token id, the text of a token, or an object/);
  });

  test('a token at another position, and its place in saved graphs', async () => {
    const { logits, graph } = { logits: await model.forward(prompt), graph: await attributeEarlier() };
    const row = logits.data.subarray(3 * 512, 4 * 512);
    const total = row.reduce((sum, logit) => sum + Math.exp(logit), 0);
    expect(graph.logits).toEqual([
      {
        tokenId: 306,
        token: ' river',
        position: 3,
        weight: expect.closeTo(Math.exp(row[306] as number) / total, digits.float32),
      },
    ]);
    expect(graph.node(graph.nNodes - 1)).toMatchObject({ kind: 'logit', position: 3 });
    // Nothing after the target has any effect on it.
    const later = Array.from({ length: graph.tokens.length - 4 }, (_, i) => graph.nNodes - 2 - i);
    expect(later.map((source) => graph.weight(graph.nNodes - 1, source))).toEqual(later.map(() => 0));
  });
  const attributeEarlier = () => model.attribute(prompt, { targets: [{ token: ' river', position: 3 }] });

  test('a model without a chat template takes no messages', async () => {
    const messages = [{ role: 'user', content: 'Hello' }];
    await expectRejection(model.attribute({ messages }), 'ERR_TOKENIZER', /no chat template in chat_template\.jinja/);
    await expectRejection(model.attribute({ message: [] } as never), 'ERR_INVALID_PROMPT', /or \{ messages \}/);
  });
});

test('messages are written by the chat template, special tokens recognised', async () => {
  const folder = temporaryFolder();
  cpSync(modelDir('gemma2'), folder, { recursive: true });
  const file = path.join(folder, 'tokenizer_config.json');
  const template = '{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}';
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), chat_template: template }));
  await using model = await ReplacementModel.load(folder, transcoderDir('gemma2-clt-relu'), { device: testDevice });
  const messages = [{ role: 'user', content: prompt }];
  const { tokens } = await model.intervene({ messages }, []);
  expect([...tokens]).toEqual([2, ...(model.tokenizer?.encode(`user: ${prompt}\n`) ?? [])]);
  expect((await model.getActivations({ messages })).tokens).toEqual(tokens);
});
