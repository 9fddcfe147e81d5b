import { ReplacementModel } from '../../../lib';
import { expectBitEqual } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { testDevice } from '../../support/use-case';

const prompt = 'She counted 12 baskets of salt';
const longPrompt = Array.from({ length: 240 }, (_, i) => 3 + ((i * 37) % 490));

const loadLlama = () =>
  ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'), { device: testDevice });
const loadGpt2 = () => ReplacementModel.load(modelDir('gpt2'), transcoderDir('gpt2-plt-relu'), { device: testDevice });

/** A run of thousands of rows, a promise of its first one, and how many it has computed. */
function startLongRun(model: ReplacementModel, signal?: AbortSignal) {
  const rows = { done: 0, total: 0 };
  let report = () => {};
  const running = new Promise<void>((resolve) => {
    report = resolve;
  });
  const run = model.attribute(longPrompt, {
    batchSize: 1,
    onProgress: ({ done, total }) => {
      if (total < 100 || done < 1) return;
      Object.assign(rows, { done, total });
      report();
    },
    ...(signal ? { signal } : {}),
  });
  return { run, running: Promise.race([running, run]), rows };
}

describe('abort', () => {
  let model: ReplacementModel;
  beforeAll(async () => {
    model = await loadLlama();
  });
  afterAll(() => model.dispose());

  test('rejects with an AbortError few rows later, and the model goes on', async () => {
    const expected = await model.attribute(prompt);
    const controller = new AbortController();
    const { run, running, rows } = startLongRun(model, controller.signal);
    await running;
    const before = rows.done;
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    // A call that took no notice would compute all of them. Reports of a busy machine lag behind by some.
    expect(rows.done - before).toBeLessThan(rows.total / 2);
    expectBitEqual('the next run', (await model.attribute(prompt)).edges, expected.edges);
  });

  test('of a queued call does not affect the running one', async () => {
    const running = model.attribute(longPrompt.slice(0, 60), { batchSize: 4 });
    const controller = new AbortController();
    const waiting = model.attribute(prompt, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect((await running).nSelected).toBeGreaterThan(0);
  });

  test('before a call starts rejects it', async () => {
    const signal = AbortSignal.abort(new Error('not today'));
    await expect(model.attribute(prompt, { signal })).rejects.toMatchObject({ name: 'AbortError' });
    await expect(model.forward(prompt, { signal })).rejects.toMatchObject({ name: 'AbortError' });
    const load = ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'), { signal });
    await expect(load).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('after a call ended does nothing', async () => {
    const controller = new AbortController();
    const graph = await model.attribute(prompt, { signal: controller.signal });
    controller.abort();
    expect((await graph.scores()).replacement).toBeGreaterThan(0);
  });

  test('a listener that throws does not stop the work', async () => {
    const onProgress = () => {
      throw new Error('listener');
    };
    expect((await model.attribute(prompt, { onProgress })).nSelected).toBeGreaterThan(0);
  });
});

describe('dispose', () => {
  test('while a call runs rejects it, and all later calls, and results stay', async () => {
    const model = await loadLlama();
    const graph = await model.attribute(prompt);
    const { run, running } = startLongRun(model);
    const rejected = expect(run).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await running;
    await model.dispose();
    await rejected;
    await model.dispose();
    await expectRejection(model.attribute(prompt), 'ERR_DISPOSED', /dispose/);
    await expectRejection(model.forward(prompt), 'ERR_DISPOSED', /dispose/);
    await expectRejection(model.getActivations(prompt), 'ERR_DISPOSED', /dispose/);
    expect(graph.edges.every(Number.isFinite)).toBe(true);
    expect((await graph.scores()).replacement).toBeGreaterThan(0);
  });

  test('is called by await using', async () => {
    let kept: ReplacementModel;
    {
      await using model = await loadLlama();
      kept = model;
    }
    await expectRejection(kept.forward(prompt), 'ERR_DISPOSED', /dispose/);
  });
});

describe('calls at the same time', () => {
  test('two models run at the same time', async () => {
    const [llama, gpt2] = await Promise.all([loadLlama(), loadGpt2()]);
    const alone = [await llama.attribute(prompt), await gpt2.attribute(prompt)];
    const together = await Promise.all([llama.attribute(prompt), gpt2.attribute(prompt)]);
    together.forEach((graph, i) => {
      expectBitEqual('edges', graph.edges, alone[i]?.edges ?? new Float32Array());
    });
    await llama.dispose();
    expect((await gpt2.attribute(prompt)).nSelected).toBeGreaterThan(0);
    await gpt2.dispose();
  });

  test('many calls on one model', async () => {
    const model = await loadLlama();
    const alone = await model.attribute(prompt);
    const logits = await model.forward(prompt);
    const graphs = await Promise.all([1, 2, 3].map(() => model.attribute(prompt)));
    const [again, ...forwards] = await Promise.all([
      model.attribute(prompt),
      model.forward(prompt),
      model.forward(prompt),
    ]);
    for (const graph of [...graphs, again]) expectBitEqual('edges', graph.edges, alone.edges);
    for (const found of forwards) expectBitEqual('logits', found.data, logits.data);
    await model.dispose();
  });

  test('graph arithmetic of several graphs', async () => {
    const model = await loadLlama();
    const graph = await model.attribute(prompt);
    const [scores, pruned, again] = await Promise.all([graph.scores(), graph.prune(), graph.scores()]);
    expect(again).toEqual(scores);
    expect(pruned.nEdges).toBeGreaterThan(0);
    await model.dispose();
  });
});
