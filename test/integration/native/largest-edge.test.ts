import { randomGraph } from '../../support/random-graph';

// Field faults, section 4: "`verify` 153 ms (frozen-check.ts:40,96)"; house, D6: the largest of the edges was sought on the
// event loop, and their errors were sorted there.

test('the largest edge is found natively', async () => {
  const graph = randomGraph(300);
  const largest = graph.edges.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  expect(await graph.largestEdge()).toBe(largest);
  graph.edges[0] = -3;
  expect(await graph.largestEdge()).toBe(3);
});
