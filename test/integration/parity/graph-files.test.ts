import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Graph, writeGraphFiles } from '../../../lib';
import { share, type Tolerance } from '../../support/bounds';
import { expectClose, expectProbabilities, maxMagnitude, parity as tolerance } from '../../support/compare';
import { caseNames, type ParityCase } from '../../support/fixtures';
import { graphProblems } from '../../support/neuronpedia-rules';
import { expectSameGraph } from '../../support/same-graph';
import { temporaryFolder } from '../../support/temporary-folder';
import { customTargets, fullRunOptions, partialRunOptions, useCase } from '../../support/use-case';

interface GraphFile {
  metadata: Record<string, unknown>;
  qParams: Record<string, unknown>;
  nodes: FileNode[];
  links: { source: string; target: string; weight: number }[];
}
interface FileNode extends Record<string, unknown> {
  node_id: string;
  feature_type: string;
  layer: string;
  ctx_idx: number;
  feature: number;
  token_prob: number;
  influence: number | null;
  activation: number | null;
}

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

/** Our error nodes are `{layer}_-1_{position}`; the reference's are `0_{layer}_{position}`. */
const referenceId = (id: string) => id.replace(/^(\d+)_-1_(\d+)$/, '0_$1_$2');

/** By what the node is, since two of the reference's ids can be the same. */
const byNode = (nodes: FileNode[]) =>
  new Map(nodes.map((node) => [[node.feature_type, node.layer, node.ctx_idx, node.feature].join(' '), node]));

const linkOrder = (a: GraphFile['links'][number], b: GraphFile['links'][number]) =>
  a.target.localeCompare(b.target) || a.source.localeCompare(b.source) || a.weight - b.weight;

function expectSameNodes(found: FileNode[], expected: FileNode[], logits: Float32Array): void {
  const [ours, theirs] = [byNode(found), byNode(expected)];
  const activations = {
    absolute: tolerance.relativeToMax * maxMagnitude(expected.map((node) => node.activation ?? 0)),
  };
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  expect(new Set(found.map(({ node_id }) => node_id)).size).toBe(found.length);
  for (const [key, reference] of theirs) {
    const { node_id, jsNodeId, token_prob, influence, activation, clerp, ...fields } = ours.get(key) as FileNode;
    expect({ ...reference, ...fields }).toEqual(reference);
    expect(referenceId(node_id)).toBe(reference.node_id);
    expect(withoutProbability(clerp)).toBe(withoutProbability(reference.clerp));
    if (reference.feature_type !== 'mlp reconstruction error') expect(jsNodeId).toBe(reference.jsNodeId);
    expectProbabilities(`${node_id} token_prob`, [token_prob], [reference.token_prob], logits);
    expectNullable(`${node_id} influence`, influence, reference.influence, share);
    expectNullable(`${node_id} activation`, activation, reference.activation, activations);
  }
}

/** A third decimal may round either way. */
const withoutProbability = (label: unknown) => String(label).replace(/\(p=[\d.]+\)$/, '');

function expectNullable(name: string, found: number | null, expected: number | null, tolerance: Tolerance): void {
  if (expected === null) expect({ [name]: found }).toEqual({ [name]: null });
  else expectClose(name, [found as number], [expected], tolerance);
}

function expectSameLinks(found: GraphFile['links'], expected: GraphFile['links']): void {
  const ours = found
    .map((link) => ({ ...link, source: referenceId(link.source), target: referenceId(link.target) }))
    .sort(linkOrder);
  const theirs = [...expected].sort(linkOrder);
  const ends = (links: GraphFile['links']) => links.map(({ source, target }) => `${source} -> ${target}`);
  expect(ends(ours)).toEqual(ends(theirs));
  const weights = (links: GraphFile['links']) => links.map(({ weight }) => weight);
  expectClose('link weights', weights(ours), weights(theirs));
}

async function expectGraphFile(parity: ParityCase, graph: Graph, name: string): Promise<void> {
  const expected = parity.graphFile(name) as unknown as GraphFile;
  const settings = parity.request.settings.graph_json[name];
  const directory = temporaryFolder();
  const written = await writeGraphFiles(graph, {
    slug: settings?.slug ?? '',
    directory,
    scan: parity.request.scan,
    nodeThreshold: settings?.node_threshold ?? Number.NaN,
    edgeThreshold: settings?.edge_threshold ?? Number.NaN,
  });
  expect(path.resolve(written.graphFile)).toBe(path.join(directory, `${settings?.slug}.json`));
  const found = readJson(written.graphFile) as GraphFile;
  expect(graphProblems(found)).toEqual([]);
  expect(found.metadata).toMatchObject(expected.metadata);
  expect(found.qParams).toEqual(expected.qParams);
  expect([written.nodes, written.links]).toEqual([found.nodes.length, found.links.length]);
  expectSameNodes(found.nodes, expected.nodes, parity.floats('logits'));
  expectSameLinks(found.links, expected.links);
  const { graphs } = readJson(path.join(directory, 'graph-metadata.json'));
  expect(graphs).toEqual([found.metadata]);
}

describe.each(caseNames)('%s', (name) => {
  const used = useCase(name);
  let graph: Graph;
  beforeAll(async () => {
    graph = await used.model.attribute(used.parity.request.prompt.text, fullRunOptions(used.parity));
  });

  test('graph file of the full run', () => expectGraphFile(used.parity, graph, 'graph'));

  test('graph file of the run over the most influential features', async () => {
    const { parity, model } = used;
    if (!parity.graphFile('graph_partial')) return; // the reference can't run two families
    const partial = await model.attribute(parity.request.prompt.text, partialRunOptions(parity));
    await expectGraphFile(parity, partial, 'graph_partial');
  });

  test('graph file of a direction', async () => {
    const { parity, model } = used;
    if (!parity.graphFile('graph_custom')) return; // the reference can't run two families
    const options = { ...fullRunOptions(parity), targets: customTargets(parity) };
    await expectGraphFile(parity, await model.attribute(parity.request.prompt.text, options), 'graph_custom');
  });

  test('a saved graph loads as it was', async () => {
    const file = path.join(temporaryFolder(), 'graph.safetensors');
    await graph.save(file);
    const loaded = await Graph.load(file);
    expectSameGraph(loaded, graph);
    expect(await loaded.scores()).toEqual(await graph.scores());
  });
});
