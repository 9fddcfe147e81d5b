import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type FeatureNode, findCircuit, type Graph, ReplacementModel, swapFeatures } from '../../../lib';
import { PackedFeatures } from '../../../lib/harvest';
import { featureProblems } from '../../support/neuronpedia-rules';

const root = path.join(__dirname, '..', '..', '..');
const readRecipe = (name: string) => JSON.parse(readFileSync(path.join(root, 'scripts', 'demo-model', name), 'utf8'));
const sets = ['demo', 'demo-cross-layer'];

interface Question {
  prompt: string;
  answer: string;
}

let model: ReplacementModel;
beforeAll(async () => {
  model = await ReplacementModel.load('demo');
});
afterAll(() => model.dispose());

async function likeliest(prompt: string): Promise<string> {
  const [top] = (await model.forward(prompt)).topTokens(1);
  return top?.token.trim() ?? '';
}

test.each([
  ['heldOutTwoStep', 0.95],
  ['heldOutBirth', 0.95],
  ['oneStep', 0.98],
  ['opposites', 0.98],
  ['sums', 0.98],
])('answers %s: at least %f right', async (kind, least) => {
  const questions: Question[] = readRecipe('prompts.json')[kind];
  const wrong: string[] = [];
  for (const { prompt, answer } of questions) {
    const said = await likeliest(prompt);
    if (said !== answer) wrong.push(`${prompt} ${said} (${answer})`);
  }
  expect(questions.length).toBeGreaterThan(80);
  if (1 - wrong.length / questions.length < least) throw new Error(`${wrong.length} wrong:\n${wrong.join('\n')}`);
});

test('what ships takes less than 12 MiB', () => {
  const folder = path.join(root, 'lib', 'demo');
  const files = readdirSync(folder, { recursive: true }).map((name) => statSync(path.join(folder, String(name))));
  const bytes = files.filter((status) => status.isFile()).reduce((sum, { size }) => sum + size, 0);
  expect(bytes).toBeGreaterThan(2 ** 20);
  expect(bytes).toBeLessThan(12 * 2 ** 20);
});

test.each(sets)('the examples of %s are of the features they are given for', async (set) => {
  await using other = await ReplacementModel.load('demo', set);
  const packed = await PackedFeatures.open(other.featuresDirectory as string);
  const graph = await other.attribute('Fact: the capital of the state containing Dallas is');
  let compared = 0;
  for (const node of graph.features()) {
    const example = await packed.read(node.layer, node.feature);
    if (!example) continue;
    expect(example.index).toBe(node.feature);
    expect(featureProblems(example)).toEqual([]);
    // A prompt like the texts the examples are from can exceed them by a little, not by much.
    expect(node.activation).toBeLessThan(2 * (example.act_max as number));
    compared++;
  }
  await packed.close();
  expect(compared).toBeGreaterThan(0.95 * graph.nSelected);
});

test.each(sets)('%s: Dallas leads to Austin by way of Texas, and to Sacramento by way of California', async (set) => {
  await using other = await ReplacementModel.load('demo', set);
  const prompt = 'Fact: the capital of the state containing Dallas is';
  const graph = await other.attribute(prompt);
  expect(graph.logits[0]?.token).toBe(' Austin');
  const { groups, edges } = findCircuit(await graph.prune());
  const place = (label: string, kind: string) =>
    groups.findIndex((group) => group.label === label && group.kind === kind);
  const [dallas, texas] = [place(' Dallas', 'token'), place('Texas', 'feature')];
  expect(dallas).toBeGreaterThanOrEqual(0);
  expect(texas).toBeGreaterThanOrEqual(0);
  expect(edges.find(({ from, to }) => from === dallas && to === texas)?.weight).toBeGreaterThan(0.05);

  const elsewhere = await other.attribute('Fact: the capital of the state containing Oakland is');
  const edits = swapFeatures(labelled(graph, 'Texas'), labelled(elsewhere, 'California'));
  expect((await other.intervene(prompt, edits)).topTokens(1)[0]?.token).toBe(' Sacramento');
});

function labelled(graph: Graph, label: string): FeatureNode[] {
  return graph.features((node) => node.label === label);
}
