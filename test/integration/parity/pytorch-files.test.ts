import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Graph, ReplacementModel, writeGraphFiles } from '../../../lib';
import { convertGraph } from '../../../lib/graph/convert';
import { share } from '../../support/bounds';
import { expectBitEqual, expectClose, expectSameIntegers } from '../../support/compare';
import { expectRejection } from '../../support/expect-rejection';
import { caseNames, loadCase, modelDir, parityDir } from '../../support/fixtures';
import { expectSameGraph } from '../../support/same-graph';
import { temporaryFolder } from '../../support/temporary-folder';

const fileOf = (name: string) => path.join(parityDir, 'cases', name, 'graph.pt');
const withFile = caseNames.filter((name) => readdirSync(path.join(parityDir, 'cases', name)).includes('graph.pt'));

test('all cases but those the reference can not run have a file', () => {
  expect(withFile).toHaveLength(11);
});

describe.each(withFile)('%s', (name) => {
  test('the file of the reference is the expected graph', async () => {
    const parity = await loadCase(name);
    const graph = await Graph.load(fileOf(name));
    expect(Array.from(graph.tokens)).toEqual(parity.request.prompt.token_ids);
    expectSameIntegers('active features', graph.activeFeatures, parity.activeFeatures);
    expectBitEqual('activation values', graph.activationValues, parity.floats('activation_values'));
    expectBitEqual('edges', graph.edges, parity.edges);
    expect(graph.logits.map(({ tokenId }) => tokenId)).toEqual(Array.from(parity.integers('logit_token_ids')));
    expect(graph.scan).toBe(parity.request.scan);
    expect(graph.nLayers).toBe(parity.request.sizes.layers);
    const { replacement, completeness } = await graph.scores();
    const { scores } = parity.request;
    expectClose('scores', [replacement, completeness], [scores.replacement, scores.completeness], share);
    const expected = parity.pruning(0);
    const pruned = await graph.prune({ nodeThreshold: expected.nodeThreshold, edgeThreshold: expected.edgeThreshold });
    expectSameIntegers('node mask', pruned.nodeMask, expected.nodeMask);
  });

  test('saved again and loaded it is the same, bit for bit', async () => {
    const graph = await Graph.load(fileOf(name));
    const file = path.join(temporaryFolder(), 'g.pt');
    await graph.save(file);
    expectSameGraph(await Graph.load(file), graph);
  });
});

describe('a small graph as PyTorch saves it', () => {
  const folder = path.join(parityDir, 'pytorch');
  const names = readdirSync(folder).map((name) => path.basename(name, '.pt'));
  const load = (name: string) => Graph.load(path.join(folder, `${name}.pt`));

  test.each(names)('%s', async (name) => {
    const graph = await load(name);
    expect(graph.prompt).toBe('a b c');
    expect(Array.from(graph.activationValues)).toEqual([1.5, 2, 0.25, -0.5]);
    expect(Array.from(graph.activeFeatures)).toEqual([0, 0, 40, 0, 1, 7, 0, 2, 9, 1, 2, 3]);
    expect(Array.from(graph.selectedFeatures)).toEqual([0, 1, 3]);
    expect(graph.model).toEqual({ family: 'llama', modelName: 'tiny', nLayers: 2, dModel: 8, dVocab: 50 });
    const withoutText = ['first-release', 'targets-as-tensor'].includes(name);
    expect(graph.logits).toEqual([
      { tokenId: 13, token: withoutText ? '13' : ' d', weight: 0.5 },
      { tokenId: 14, token: '14', weight: 0.25 },
    ]);
    const scans: Record<string, unknown> = { 'scan-name': ['org/a', 'org/b'], 'no-scan': '' };
    expect(graph.scan).toEqual(scans[name] ?? 'org/set');
    const rows = [0, 1, 2, 12, 13].map((row) =>
      Array.from({ length: 14 }, (_, column) =>
        column >= 12 || column === row ? 0 : (((row * 7 + column * 3) % 17) - 8) / 8,
      ),
    );
    expect(Array.from(graph.edges, (weight) => weight + 0)).toEqual(rows.flat());
  });

  test('has the texts of tokens from a tokenizer', async () => {
    const tokenizer = { decodeToken: (id: number) => `<${id}>` };
    const graph = await Graph.load(path.join(folder, 'now.pt'), { tokenizer });
    expect(graph.tokenStrings).toEqual(['<2>', '<5>', '<6>']);
    expect(graph.logits.map(({ token }) => token)).toEqual([' d', '<14>']);
  });

  test('is written as a graph file', async () => {
    const directory = temporaryFolder();
    const { graphFile } = await writeGraphFiles(await load('now'), { slug: 'small', directory });
    expect(JSON.parse(readFileSync(graphFile, 'utf8')).metadata.prompt_tokens).toEqual(['2', '5', '6']);
  });

  test('is converted to every other format and back', async () => {
    const out = temporaryFolder();
    const at = (name: string) => path.join(out, name);
    const graph = await load('now');
    await convertGraph(path.join(folder, 'now.pt'), at('a.safetensors'));
    await convertGraph(at('a.safetensors'), at('b.pt'));
    expectSameGraph(await Graph.load(at('b.pt')), graph);
    await convertGraph(at('b.pt'), at('c.json'), { nodeThreshold: 1 });
    expect(JSON.parse(readFileSync(at('c.json'), 'utf8')).metadata).toMatchObject({ slug: 'c', node_threshold: 1 });
    await expectRejection(convertGraph(at('c.json'), at('d.pt')), 'ERR_FILE_FORMAT', /pruned/);
    await expectRejection(convertGraph(at('b.pt'), at('d.txt')), 'ERR_INVALID_ARGUMENT', /\.pt.*\.json/);
  });
});

test('a .pt file has no place for targets elsewhere', async () => {
  await using model = await ReplacementModel.load(
    modelDir('gpt2'),
    path.join(parityDir, 'transcoders', 'gpt2-plt-relu'),
  );
  const [layer = 0, position = 0, feature = 0] = (await loadCase('gpt2-plt-relu')).activeFeatures;
  const graph = await model.attribute('The old ferry crosses the river', {
    targets: [{ feature: { layer, position, feature } }],
  });
  const file = path.join(temporaryFolder(), 'g.pt');
  await expectRejection(graph.save(file), 'ERR_INVALID_ARGUMENT', /\.safetensors/);
});
