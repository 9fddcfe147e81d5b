import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { pino } from 'pino';
import { ReplacementModel } from '../../../lib';
import { setLogger } from '../../../lib/log';
import type { GraphServer } from '../../../lib/server';
import { digits } from '../../support/bounds';
import { eventually } from '../../support/eventually';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { rawRequest } from './support/raw';
import { ask, bodyOf, expectRefusal, graphsFolder, graphText, json, started } from './support/server';

let model: ReplacementModel;
let server: GraphServer;
const dataDir = graphsFolder();
const graph = JSON.parse(graphText);
const edit = { nodes: ['1_144_11', '0_94_11'], factor: -3 };
const body = { slug: 'salt', edits: [edit], maxNewTokens: 3, freezeAttention: true, top: 4 };

beforeAll(async () => {
  // Threads of several processes on few cores wait for each other a hundred times longer than so small a model computes.
  model = await ReplacementModel.load(modelDir('llama'), transcoderDir('llama-plt-relu-skip'), { threads: 1 });
  server = await started({ dataDir, model });
});
afterAll(() => model.dispose());

const steer = (change: object = {}, init: RequestInit = {}) =>
  ask(server, 'api/steer', { ...json({ ...body, ...change }), ...init });

/** What the library says when the features are set to a factor of their activations in the graph. */
async function expected(freezeAttention: boolean, top: number) {
  const interventions = edit.nodes.map((id) => {
    const { activation, ctx_idx } = graph.nodes.find(({ node_id }: { node_id: string }) => node_id === id);
    const [layer, feature] = id.split('_').map(Number) as [number, number];
    return { layer, feature, position: ctx_idx, value: edit.factor * activation };
  });
  const prompt = 'She counted 12 baskets of salt';
  const likeliest = async (edits: typeof interventions) => {
    const result = await model.intervene(prompt, edits, { freezeAttention });
    return result
      .topTokens(top)
      .map(({ token, probability }) => ({ token, probability: expect.closeTo(probability, 5) }));
  };
  const options = { maxNewTokens: 3, freezeAttention };
  const text = async (edits: typeof interventions) =>
    (await model.generate(prompt, { ...options, interventions: edits })).newText;
  return {
    before: await likeliest([]),
    after: await likeliest(interventions),
    continuation: { before: await text([]), after: await text(interventions) },
  };
}

test('the status names the model', async () => {
  const status = await bodyOf(await ask(server, 'api/status'));
  expect(status.model).toEqual({ name: 'llama', nLayers: 4 });
});

test.each([true, false])('does what the library does, attention frozen: %s', async (freezeAttention) => {
  const answer = await bodyOf(await steer({ freezeAttention }));
  expect(answer).toEqual(await expected(freezeAttention, 4));
  expect(answer.after).not.toEqual(answer.before);
});

test('without edits, or with a factor of 1, nothing changes', async () => {
  for (const edits of [[], [{ nodes: ['1_144_11'], factor: 1 }], [{ nodes: [], factor: 5 }]]) {
    const { before, after, continuation } = await bodyOf(await steer({ edits }));
    expect(after.map(({ token }: { token: string }) => token)).toEqual(
      before.map(({ token }: { token: string }) => token),
    );
    expect(continuation.after).toBe(continuation.before);
  }
});

test('a feature the file does not have is multiplied as it is', async () => {
  const prompt = 'She counted 12 baskets of salt';
  const { indices } = (await model.getActivations(prompt, { sparse: true })).activations;
  const ids = new Set(graph.nodes.map(({ node_id }: { node_id: string }) => node_id));
  const places = Array.from({ length: indices.length / 3 }, (_, i) => [...indices.subarray(3 * i, 3 * i + 3)]);
  const [layer = 0, position = 0, feature = 0] =
    places.find(([layer, position, feature]) => !ids.has(`${layer}_${feature}_${position}`)) ?? [];
  const [likeliest] = (await model.intervene(prompt, [{ layer, position, feature, scale: 8 }])).topTokens(1);
  const { after } = await bodyOf(await steer({ edits: [{ nodes: [`${layer}_${feature}_${position}`], factor: 8 }] }));
  expect(after[0].probability).toBeCloseTo(likeliest?.probability as number, digits.probability);
});

test('zero new tokens give no continuation, and missing fields have defaults', async () => {
  expect((await bodyOf(await steer({ maxNewTokens: 0 }))).continuation).toEqual({ before: '', after: '' });
  const standard = await ask(server, 'api/steer', json({ slug: 'salt', edits: [edit] }));
  expect((await bodyOf(standard)).before).toHaveLength(10);
});

test('a file that has lost token nodes has its prompt tokenised', async () => {
  const nodes = graph.nodes.filter(({ node_id }: { node_id: string }) => !node_id.startsWith('E_'));
  writeFileSync(path.join(dataDir, 'lost.json'), JSON.stringify({ ...graph, nodes }));
  expect(await bodyOf(await steer({ slug: 'lost' }))).toEqual(await bodyOf(await steer()));
});

test.each([
  ['no slug', { slug: undefined }, 400, 'ERR_INVALID_ARGUMENT'],
  ['another graph', { slug: 'pepper' }, 404, 'ERR_NOT_FOUND'],
  ['a way out', { slug: '../salt' }, 404, 'ERR_NOT_FOUND'],
  ['edits that are no list', { edits: {} }, 400, 'ERR_BAD_REQUEST'],
  ['an edit without nodes', { edits: [{ factor: 1 }] }, 400, 'ERR_BAD_REQUEST'],
  ['an edit without a factor', { edits: [{ nodes: [] }] }, 400, 'ERR_INVALID_ARGUMENT'],
  ['a token for a feature', { edits: [{ nodes: ['E_5_1'], factor: 1 }] }, 400, 'ERR_BAD_REQUEST'],
  ['a layer there is not', { edits: [{ nodes: ['9_5_1'], factor: 1 }] }, 400, 'ERR_INVALID_ARGUMENT'],
  ['a position there is not', { edits: [{ nodes: ['0_5_99'], factor: 1 }] }, 400, 'ERR_INVALID_ARGUMENT'],
  ['too many nodes', { edits: [{ nodes: Array(10_001).fill('0_5_1'), factor: 1 }] }, 400, 'ERR_BAD_REQUEST'],
  ['too many tokens', { maxNewTokens: 201 }, 400, 'ERR_INVALID_ARGUMENT'],
  ['no top', { top: 0 }, 400, 'ERR_INVALID_ARGUMENT'],
  ['a word for a flag', { freezeAttention: 'yes' }, 400, 'ERR_INVALID_ARGUMENT'],
])('refuses %s', async (_, change, status, code) => {
  await expectRefusal(await steer(change), status, code);
});

test('refuses a graph of another model', async () => {
  const metadata = { ...graph.metadata, prompt_tokens: graph.metadata.prompt_tokens.map(() => 'x') };
  writeFileSync(path.join(dataDir, 'other.json'), JSON.stringify({ ...graph, metadata }));
  await expectRefusal(await steer({ slug: 'other' }), 422, 'ERR_MODEL_MISMATCH');
  writeFileSync(path.join(dataDir, 'bare.json'), '{"nodes": [null], "links": []}');
  await expectRefusal(await steer({ slug: 'bare' }), 422, 'ERR_FILE_FORMAT');
});

test('without a model there is no steering', async () => {
  const plain = await started();
  await expectRefusal(await ask(plain, 'api/steer', json(body)), 404, 'ERR_NO_MODEL');
});

/** The model, held up before it generates until it is let go on. */
class HeldModel {
  readonly signals: AbortSignal[] = [];
  readonly model: ReplacementModel;
  letGo = () => {};

  constructor() {
    const held = new Promise<void>((resolve) => {
      this.letGo = resolve;
    });
    const generate: ReplacementModel['generate'] = async (prompt, options = {}) => {
      if (options.signal) this.signals.push(options.signal);
      await held;
      return model.generate(prompt, options);
    };
    this.model = Object.assign(Object.create(model), { generate });
  }
}

test('handles requests in turn, and refuses them when too many wait', async () => {
  const held = new HeldModel();
  const busy = await started({ dataDir, model: held.model });
  const responses: Response[] = [];
  const all = Array.from({ length: 12 }, async () => responses.push(await ask(busy, 'api/steer', json(body))));
  await eventually(() => expect(responses).toHaveLength(8));
  expect(held.signals).toHaveLength(1);
  for (const response of responses.splice(0)) {
    expect(response.headers.get('retry-after')).toBe('5');
    await expectRefusal(response, 503, 'ERR_BUSY');
  }
  held.letGo();
  await Promise.all(all);
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test('a client that goes away is not worked for', async () => {
  const held = new HeldModel();
  const left = await started({ dataDir, model: held.model });
  const gone = new AbortController();
  const given = ask(left, 'api/steer', { ...json(body), signal: gone.signal }).catch((error: Error) => error.name);
  await eventually(() => expect(held.signals).toHaveLength(1));
  gone.abort();
  expect(await given).toBe('AbortError');
  await eventually(() => expect(held.signals[0]?.aborted).toBe(true));
  held.letGo();
  expect((await ask(left, 'api/steer', json(body))).status).toBe(200);
  // One of the first request, which went no further, and two of the second.
  expect(held.signals).toHaveLength(3);
});

// Field faults, section 6, L14: a client that is gone, above, looks the same at first.
test('a client that only ends its side is worked for, and answered', async () => {
  const held = new HeldModel();
  const waiting = await started({ dataDir, model: held.model });
  const headers = ['Content-Type: application/json'];
  const text = rawRequest(waiting.port, '/api/steer', { method: 'POST', headers, body: JSON.stringify(body) });
  const socket = connect({ port: waiting.port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(text));
  const chunks: Buffer[] = [];
  const answered = new Promise((resolve) => socket.on('data', (chunk) => chunks.push(chunk)).on('end', resolve));
  await eventually(() => expect(Buffer.concat(chunks).toString()).toMatch(/^(?:HTTP\/1.1 102 Processing\r\n\r\n){2}/));
  expect(held.signals[0]?.aborted).toBe(false);
  held.letGo();
  await answered;
  expect(Buffer.concat(chunks).toString()).toMatch(/102 Processing\r\n\r\nHTTP\/1.1 200 OK/);
});

// Field faults, section 6, H2.
test('what one request can bring into the log is little', async () => {
  let lines = '';
  setLogger(pino({}, { write: (line: string) => (lines += line) }));
  const edits = [{ nodes: Array(10_000).fill('0_94_11'), factor: 2 }];
  const response = await steer({ edits, maxNewTokens: 1 });
  setLogger(pino({ level: 'silent' }));
  expect(response.status).toBe(200);
  expect(lines.split('\n').length).toBeLessThan(20);
  expect(lines).toMatch(/9996 more entries edit a feature/);
});

test('closing gives up what runs, and leaves the model to its owner', async () => {
  const held = new HeldModel();
  const closing = await started({ dataDir, model: held.model });
  const running = ask(closing, 'api/steer', json(body)).catch(() => 'gone');
  await eventually(() => expect(held.signals).toHaveLength(1));
  await closing.close();
  expect(held.signals[0]?.aborted).toBe(true);
  held.letGo();
  expect(await running).toBe('gone');
  expect((await model.forward([1, 5], { exactTokens: true })).shape).toEqual([2, model.spec.dVocab]);
});

// Field faults, section 6, L8: a graph of another writer, without token nodes, whose prompt is tokenised.
test('a long prompt of a graph file is tokenised on another thread', async () => {
  const nodes = graph.nodes.filter(({ feature_type }: { feature_type: string }) => feature_type !== 'embedding');
  const metadata = { ...graph.metadata, prompt: 'She counted baskets of salt. '.repeat(70_000) };
  writeFileSync(path.join(dataDir, 'long.json'), JSON.stringify({ ...graph, metadata, nodes }));
  const prepare = jest.spyOn(model.tokenizer, 'prepare');
  const encode = jest.spyOn(model.tokenizer, 'encode');
  await expectRefusal(await steer({ slug: 'long' }), 422, 'ERR_MODEL_MISMATCH');
  expect([prepare.mock.calls, encode.mock.calls]).toEqual([[], []]);
});
