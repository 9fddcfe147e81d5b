import { inspect } from 'node:util';
import { Graph, graphJson, InMemoryModel, ReplacementModel } from '../../../lib';
import { expectRejection } from '../../support/expect-rejection';

let model: ReplacementModel;
const prompt = 'Fact: the capital of the state containing Dallas is';
const austin = { tokenId: expect.any(Number), token: ' Austin', probability: expect.any(Number) };

beforeAll(async () => {
  model = await ReplacementModel.load('demo');
});
afterAll(() => model.dispose());

test('forward, intervene and generate name the likeliest next tokens', async () => {
  const logits = await model.forward(prompt);
  const [, dVocab = 0] = logits.shape;
  expect(logits.topTokens(1)).toEqual([austin]);
  const all = logits.topTokens(dVocab);
  expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  const clean = await model.intervene(prompt, []);
  expect(clean.topTokens(3)).toEqual(all.slice(0, 3));
  const { logits: ofRun } = await model.runWithCache(prompt, []);
  expect(ofRun.topTokens(1, { position: 0 })).toEqual(logits.topTokens(1, { position: 0 }));
  const written = await model.generate(prompt, { maxNewTokens: 2 });
  expect(written.topTokens(1, { position: 0 })).toEqual([austin]);
  expect(written.topTokens(1)[0]?.tokenId).toBe(written.newTokens.at(-1));
  const [encoded] = await model.getActivations([prompt]);
  expect(encoded?.logits.topTokens(1)).toEqual([austin]);
});

test('generate takes interventions among its options', async () => {
  const texas = (await model.attribute(prompt)).features(({ label }) => label === 'Texas');
  const interventions = texas.map(({ layer, position, feature }) => ({ layer, position, feature, value: 0 }));
  const plain = await model.generate(prompt, { maxNewTokens: 1 });
  const edited = await model.generate(prompt, { interventions, maxNewTokens: 1 });
  const odds = (result: { topTokens: typeof edited.topTokens }) => {
    const [first, second] = result.topTokens(2);
    return Math.log((first?.probability ?? 0) / (second?.probability ?? 1));
  };
  expect(odds(edited)).toBeCloseTo(odds(await model.intervene(prompt, interventions)), 2);
  expect(odds(edited)).toBeLessThan(odds(plain) - 0.5);
  const stream = model.generateStream(prompt, { interventions, maxNewTokens: 1 });
  expect((await stream.next()).value).toMatchObject({ tokenId: edited.newTokens[0] });
  await stream.return(plain);
});

// They used to be the second argument of three.
test('interventions in the place of options are refused, not overlooked', async () => {
  await expectRejection(model.generate(prompt, [] as object), 'ERR_INVALID_ARGUMENT', /options must be an object/);
  await expectRejection(model.generate(prompt, { interventions: {} as [] }), 'ERR_INVALID_ARGUMENT', /interventions/);
});

test('decodeToken returns the text, or the id without a tokenizer', async () => {
  const [first] = (await model.forward(prompt)).topTokens(1);
  expect(model.decodeToken(first?.tokenId ?? 0)).toBe(' Austin');
  await using bare = await InMemoryModel.fromConfig(model.spec, model.transcoderSpec);
  expect(bare.decodeToken(7)).toBe('7');
});

test('a graph reads as objects: nodes, edges and the JSON of the page', async () => {
  const graph = await model.attribute(prompt);
  const pruned = await graph.prune();
  const texas = graph.nodes(({ label }) => label === 'Texas');
  expect(texas.length).toBeGreaterThan(0);
  const [output] = graph.nodes(({ kind }) => kind === 'logit');
  const [strongest] = graph.inputs(output?.index ?? -1);
  expect(strongest?.weight).toBe(graph.row(output?.index ?? -1)[strongest?.source.index ?? -1]);
  expect(graph.outputs(strongest?.source.index ?? -1)).toContainEqual(strongest);
  const json = await graphJson(pruned);
  const edges = pruned.edges().map(({ source, target, weight }) => ({ source: source.id, target: target.id, weight }));
  expect(json.links).toEqual(edges);
  const ids = new Set(json.nodes.map(({ node_id }) => node_id));
  expect(edges.every(({ source, target }) => ids.has(source) && ids.has(target))).toBe(true);
  expect((await Graph.fromBuffer(await graph.toBuffer())).toJSON()).toEqual(graph.toJSON());
});

test('a model reads well in a log', () => {
  expect(inspect(model)).toMatch(/^ReplacementModel \{\s+name: 'demo',\s+family: 'gemma2',/);
  expect(inspect(model).length).toBeLessThan(300);
});
