import { readFileSync } from 'node:fs';
import { Graph, writeGraphFiles } from '../../../lib';
import { cantorPair } from '../../../lib/graph-file/cantor';
import { threeDecimals } from '../../../lib/graph-file/output-label';
import { caseNames } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { type ReferenceFile, type ReferenceRun, referenceRun } from './support/parity-graph';

jest.mock('../../../lib/engine/jobs', () => require('./support/engine'));

/** The reference's error ids can equal a feature's; compare in its spelling. */
const referenceId = (id: string) => id.replace(/^(\d+)_-1_(\d+)$/, '0_$1_$2');

async function written({ data, nodeThreshold, edgeThreshold }: ReferenceRun, slug: string): Promise<ReferenceFile> {
  const options = { slug, directory: temporaryFolder(), nodeThreshold, edgeThreshold };
  const { graphFile, nodes, links } = await writeGraphFiles(new Graph(data), options);
  const file = JSON.parse(readFileSync(graphFile, 'utf8'));
  expect([nodes, links]).toEqual([file.nodes.length, file.links.length]);
  return file;
}

describe.each(caseNames)('the graph file of %s', (name) => {
  test.each(['graph', 'graph_partial'] as const)(
    'has the nodes, links and fields of the reference: %s',
    async (slug) => {
      const run = await referenceRun(name, slug);
      if (!run) return; // the reference can't run two families
      const { metadata, qParams, nodes, links } = await written(run, slug);
      expect(metadata).toMatchObject(run.file.metadata);
      expect(qParams).toEqual(run.file.qParams);
      expect(new Set(nodes.map((node) => node.node_id)).size).toBe(nodes.length);
      expect(nodes.map((node) => ({ ...node, node_id: referenceId(node.node_id) }))).toEqual(
        run.file.nodes.map((node) => ({
          ...node,
          influence: node.influence === null ? null : expect.closeTo(node.influence, 5),
        })),
      );
      expect(nodes.map(Object.keys)).toEqual(run.file.nodes.map(Object.keys));
      const spelled = links.map((link) => ({
        ...link,
        source: referenceId(link.source),
        target: referenceId(link.target),
      }));
      expect(spelled).toEqual(run.file.links);
    },
  );
});

test.each([
  [0, 0],
  [0, 1],
  [1, 0],
  [3, 120],
  [25, 16_383],
  // The product of the factors is beyond 2^53, half of it isn't.
  [61, 134_000_000],
])('pairs layer %i and feature %i exactly', (layer, feature) => {
  const [a, b] = [BigInt(layer), BigInt(feature)];
  expect(BigInt(cantorPair(layer, feature))).toBe(((a + b) * (a + b + 1n)) / 2n + b);
});

test.each([
  [0.0625, '0.062'],
  [0.1875, '0.188'],
  [0.3125, '0.312'],
  [0.9375, '0.938'],
  [0.1235, '0.123'],
  [0.5, '0.500'],
  [1, '1.000'],
  [0, '0.000'],
])('rounds %d to three decimals as printf does: %s', (value, text) => {
  expect(threeDecimals(value)).toBe(text);
});
