import { ReplacementModel } from '../../../lib';
import { Transcoders } from '../../../lib/transcoder';
import { expectBitEqual } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { randomGraph } from '../../support/random-graph';

// Field faults, section 4: "A queued call can't be cancelled", "No queue length"; table b, row b1; table c, row c3.

const prompt = 'She counted 12 baskets of salt';
const longPrompt = Array.from({ length: 240 }, (_, i) => 3 + ((i * 37) % 490));

let model: ReplacementModel;
beforeAll(async () => {
  model = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'), { device: 'cpu' });
});
afterAll(() => model.dispose());

/** A call that keeps the model busy until it is stopped: thousands of rows, one at a time. */
function keepBusy() {
  const controller = new AbortController();
  let isOver = false;
  const run = model.attribute(longPrompt, { batchSize: 1, signal: controller.signal });
  const over = run
    .catch(() => undefined)
    .then(() => {
      isOver = true;
    });
  const stop = async () => {
    controller.abort();
    await over;
  };
  return { isOver: () => isOver, stop };
}

describe('a call that waits for its turn', () => {
  const calls: [string, (signal: AbortSignal) => Promise<unknown>][] = [
    ['attribute', (signal) => model.attribute(prompt, { signal })],
    ['forward', (signal) => model.forward(prompt, { signal })],
    ['setupAttribution', (signal) => model.setupAttribution(prompt, { signal })],
    ['getActivations', (signal) => model.getActivations([prompt, prompt], { signal })],
    ['intervene', (signal) => model.intervene(prompt, [], { signal })],
    ['generate', (signal) => model.generate(prompt, { signal })],
    ['generateStream', (signal) => model.generateStream(prompt, { signal }).next()],
    ['featureLogits', (signal) => model.featureLogits(0, 1, { signal })],
  ];

  test.each(calls)('%s rejects at once, with the reason, and leaves the queue', async (_, call) => {
    const busy = keepBusy();
    const controller = new AbortController();
    const waiting = call(controller.signal);
    expect(model.pending).toBe(2);
    controller.abort(new Error('too late'));
    await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR', cause: { message: 'too late' } });
    expect(busy.isOver()).toBe(false);
    expect(model.pending).toBe(1);
    await busy.stop();
    expect(model.pending).toBe(0);
  });

  test('of many those that are cancelled reject, and the others run in order', async () => {
    const expected = (await model.forward(prompt)).data;
    const busy = keepBusy();
    const order: number[] = [];
    const waiting = Array.from({ length: 8 }, (_, i) => {
      const controller = new AbortController();
      const run = model.forward(prompt, { signal: controller.signal });
      run.then(
        () => order.push(i),
        () => undefined,
      );
      return { controller, run };
    });
    expect(model.pending).toBe(9);
    for (const i of [5, 0, 2]) {
      waiting[i]?.controller.abort();
      await expectRejection(waiting[i]?.run as Promise<unknown>, 'ABORT_ERR', /aborted/);
    }
    expect(busy.isOver()).toBe(false);
    expect(model.pending).toBe(6);
    await busy.stop();
    for (const i of [1, 3, 4, 6, 7]) {
      expectBitEqual('logits', (await (waiting[i] as (typeof waiting)[0]).run).data, expected);
    }
    expect(order).toEqual([1, 3, 4, 6, 7]);
  });

  test('rejects at once when its time is up', async () => {
    const busy = keepBusy();
    await expectRejection(model.forward(prompt, { signal: AbortSignal.timeout(20) }), 'ABORT_ERR', /aborted/);
    expect(busy.isOver()).toBe(false);
    await busy.stop();
  });

  test('rejects when the model is disposed of', async () => {
    const other = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'));
    const running = other.attribute(longPrompt, { batchSize: 1 });
    const waiting = other.forward(prompt);
    const outcomes = Promise.allSettled([running, waiting]);
    await other.dispose();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'ABORT_ERR' } });
    expect(other.pending).toBe(0);
  });
});

test('queued graph arithmetic also rejects immediately', async () => {
  const large = randomGraph(1500);
  await large.scores(); // LibTorch is there: from now on, calls queue when they are made
  let isOver = false;
  const before = Array.from({ length: 40 }, () => large.edgeInfluence());
  const last = (before.at(-1) as Promise<unknown>).then(() => {
    isOver = true;
  });
  const controller = new AbortController();
  const waiting = large.prune({ signal: controller.signal });
  await Promise.resolve();
  controller.abort();
  await expectRejection(waiting, 'ABORT_ERR', /aborted/);
  expect(isOver).toBe(false);
  await last;
});

test('a set of transcoders tells the length of its queue', async () => {
  await using transcoders = await Transcoders.load(transcoderDir('llama-plt-relu-skip'));
  expect(transcoders.pending).toBe(0);
  const calls = [transcoders.decoderVectors(0), transcoders.encoderVectors(1)];
  expect(transcoders.pending).toBe(2);
  await Promise.all(calls);
  expect(transcoders.pending).toBe(0);
});
