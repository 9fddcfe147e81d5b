import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph } from '../../../lib';
import { nodeOf } from '../../../lib/frontend/core/graph/graph';
import { parseGraphText } from '../../../lib/frontend/core/graph/parse';
import { influenceOf, scoresOf, subgraphScores } from '../../../lib/frontend/core/measure/scores';
import { writeGraphFiles } from '../../../lib/graph/formats/graph-files';
import { inputShares, keptInfluence } from '../../../lib/graph/input-shares';
import { digits } from '../../support/bounds';
import { temporaryFolder } from '../../support/temporary-folder';
import { referenceRun } from '../graph/support/parity-graph';
import { tinyData } from '../graph/support/tiny';
import { small } from './support/graph-file';

jest.mock('../../../lib/engine/jobs', () => require('../graph/support/engine'));

const everything = { nodeThreshold: 1, edgeThreshold: 1 };

async function written(graph: Graph, thresholds: { nodeThreshold: number; edgeThreshold: number }) {
  const pruned = await graph.prune(thresholds);
  const directory = temporaryFolder();
  const { graphFile } = await writeGraphFiles(pruned, { slug: 'x', directory, scan: 'test' });
  return { pruned, page: parseGraphText(readFileSync(join(graphFile), 'utf8')).graph };
}

async function graphs(): Promise<Graph[]> {
  const names = ['gemma2-plt-raw-out', 'llama-clt-jumprelu', 'gpt2-plt-relu'];
  const runs = await Promise.all(names.map((name) => referenceRun(name, 'graph')));
  return [tinyData(), ...runs.flatMap((run) => (run ? [run.data] : []))].map((data) => new Graph(data));
}

test('there are reference graphs', async () => expect((await graphs()).length).toBeGreaterThan(2));

test('the scores of a whole graph on the page match the library', async () => {
  for (const graph of await graphs()) {
    const { page } = await written(graph, everything);
    const scores = await graph.scores();
    expect(scoresOf(page).replacement).toBeCloseTo(scores.replacement, digits.float32);
    expect(scoresOf(page).completeness).toBeCloseTo(scores.completeness, digits.float32);
  }
});

test('shares and influence of a pruned graph on the page match the library', async () => {
  for (const graph of await graphs()) {
    const { pruned, page } = await written(graph, { nodeThreshold: 0.8, edgeThreshold: 0.98 });
    const shares = inputShares(pruned);
    const influence = keptInfluence(pruned, shares);
    const own = influenceOf(page);
    const place = new Map(pruned.nodes().map((node) => [node.index, nodeOf(page, node.id) ?? -1]));
    for (const [index, node] of place) {
      if (node >= 0) expect(own[node] + page.probability[node]).toBeCloseTo(influence[index], digits.float32);
    }
    for (let edge = 0; edge < pruned.nEdges; edge++) {
      const [source, target] = [place.get(pruned.edgeSources[edge]), place.get(pruned.edgeTargets[edge])];
      const link = page.source.findIndex((each, i) => each === source && page.target[i] === target);
      expect(Math.abs(page.share[link])).toBeCloseTo(shares.share[edge], digits.float32);
    }
  }
});

test('with every feature pinned, nothing changes; with none, all of their influence is unexplained', () => {
  const { graph, at } = small();
  const all = new Set(graph.kinds.keys());
  expect(subgraphScores(graph, all)).toEqual({
    replacement: expect.closeTo(scoresOf(graph).replacement, digits.float64),
    completeness: expect.closeTo(scoresOf(graph).completeness, digits.float64),
  });
  expect(subgraphScores(graph, new Set()).replacement).toBe(0);
  const some = subgraphScores(graph, new Set([at.low, at.middle, at.high]));
  expect(some.replacement).toBeGreaterThan(0);
  expect(some.replacement).toBeLessThan(scoresOf(graph).replacement);
});

test('scores match values computed by hand', () => {
  const { graph, at } = small();
  // water: high and middle half each. lake: error and high half each.
  const influence = influenceOf(graph);
  expect(influence[at.high]).toBeCloseTo(0.6 * 0.5 + 0.2 * 0.5, digits.float64);
  expect(influence[at.middle]).toBeCloseTo(0.6 * 0.5 + 0.4 * 0.6, digits.float64);
  expect(influence[at.error]).toBeCloseTo(0.2 * 0.5 + 0.4 * 0.2, digits.float64);
  const { replacement } = scoresOf(graph);
  const tokens = influence[at.a] + influence[at.salt];
  expect(replacement).toBeCloseTo(tokens / (tokens + influence[at.error]), digits.float64);
});
