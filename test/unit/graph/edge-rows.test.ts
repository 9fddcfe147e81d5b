import { join } from 'node:path';
import { Graph } from '../../../lib';
import { blockRows, EdgeRows, edgesProblem } from '../../../lib/graph/edge-rows';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyData } from './support/tiny';

// Field faults, section 1a: a graph whose edges are more than one array holds.

/** The tiny graph, and the same with its edges in blocks of two rows. */
function whole(): { graph: Graph; blocks: Float32Array[] } {
  const graph = new Graph(tinyData());
  const width = graph.nNodes;
  const rows = graph.edges.length / width;
  const blocks = blockRows(rows, width, 2 * 4 * width).map((count, block) =>
    graph.edges.slice(2 * block * width, (2 * block + count) * width),
  );
  return { graph, blocks };
}

test('blocks hold whole rows, and the last block the remainder', () => {
  expect(blockRows(5, 10, 80)).toEqual([2, 2, 1]);
  expect(blockRows(4, 10, 1000)).toEqual([4]);
  // A row longer than a block still is one.
  expect(blockRows(2, 10, 4)).toEqual([1, 1]);
  expect(blockRows(0, 10, 80)).toEqual([]);
});

test('rows and numbers are found in their block, and numbers are set across blocks', () => {
  const rows = new EdgeRows([new Float32Array(6), new Float32Array(6), new Float32Array(3)], 3);
  rows.set(
    Float32Array.from({ length: 13 }, (_, i) => i + 1),
    2,
  );
  expect([0, 1, 2, 3, 4].map((row) => [...rows.row(row)])).toEqual([
    [0, 0, 1],
    [2, 3, 4],
    [5, 6, 7],
    [8, 9, 10],
    [11, 12, 13],
  ]);
  expect(rows.at(3, 1)).toBe(9);
});

test('a graph in blocks answers as one in a single array does', async () => {
  const { graph, blocks } = whole();
  expect(blocks.length).toBeGreaterThan(1);
  const split = new Graph(tinyData({ edges: blocks }));
  for (let target = 0; target < graph.nNodes; target++) {
    expect(split.row(target)).toEqual(graph.row(target));
    for (let source = 0; source < graph.nNodes; source++) {
      expect(split.weight(target, source)).toBe(graph.weight(target, source));
    }
  }
  expect(() => split.edges).toThrow(/graph\.row\(target\)/);
  expect(split.withLabels({ '0:1': 'one' }).weight(2, 0)).toBe(graph.weight(2, 0));
});

test.each(['graph.safetensors', 'graph.pt'])('a graph in blocks is saved as %s and comes back', async (name) => {
  const { graph, blocks } = whole();
  const path = join(temporaryFolder(), name);
  await new Graph(tinyData({ edges: blocks })).save(path);
  expect((await Graph.load(path)).edges).toEqual(graph.edges);
});

test('errors and tokens have a row of zeros', () => {
  const graph = new Graph(tinyData());
  expect(graph.row(graph.errorStart)).toEqual(new Float32Array(graph.nNodes));
  expect(() => graph.row(graph.nNodes)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
});

test.each<[string, unknown, RegExp]>([
  ['no array', [1, 2], /Float32Array/],
  ['too few numbers', [new Float32Array(6), new Float32Array(3)], /4 x 3 = 12 numbers; found 9/],
  ['rows cut in two', [new Float32Array(5), new Float32Array(5), new Float32Array(2)], /whole rows/],
  ['blocks of different sizes', [new Float32Array(3), new Float32Array(6), new Float32Array(3)], /whole rows/],
  ['a last block that is larger', [new Float32Array(3), new Float32Array(9)], /whole rows/],
])('edges are refused: %s', async (_, edges, message) => {
  expect(edgesProblem(edges, 4, 3)).toMatch(message);
  await expectRejection(
    Promise.resolve().then(() => new Graph(tinyData({ edges: edges as Float32Array[] }))),
    'ERR_INVALID_ARGUMENT',
    /edges/,
  );
});
