import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Graph } from '../../../lib';
import { parseGraph, parseGraphText } from '../../../lib/frontend/core/graph/parse';
import { withLogitDifference } from '../../../lib/frontend/core/measure/logit-difference';
import { influenceOf } from '../../../lib/frontend/core/measure/scores';
import { drawnLinks, strongestLinks } from '../../../lib/frontend/core/view/drawn-links';
import { emptyView } from '../../../lib/frontend/core/view/view';
import { shownNodes } from '../../../lib/frontend/core/view/visible';
import { withDerived } from '../../../lib/frontend/data/loaded-graph';
import { writeGraphFiles } from '../../../lib/graph/formats/graph-files';
import { temporaryFolder } from '../../support/temporary-folder';
import { type ReferenceRun, referenceRun } from '../graph/support/parity-graph';
import { graphFile, node, small } from './support/graph-file';

const { largeGraph } = require('../../../scripts/bench/large-graph') as {
  largeGraph: (
    nodes: number,
    links: number,
  ) => { nodes: Record<string, unknown>[]; links: Record<string, string>[]; metadata: object };
};

const shownAt = (graph: ReturnType<typeof parseGraph>['graph'], threshold: number) =>
  shownNodes(graph, { ...emptyView, threshold });

// Page trials, H3 and H4; field faults, section 2.
describe('influence of a file of this package', () => {
  const written = async (nodeThreshold: number) => {
    const { data } = (await referenceRun('llama-plt-relu-skip', 'graph')) as ReferenceRun;
    const pruned = await new Graph(data).prune({ nodeThreshold, edgeThreshold: 0.98 });
    const directory = temporaryFolder();
    await writeGraphFiles(pruned, { slug: 'x', directory, scan: 'x' });
    return { pruned, page: parseGraphText(readFileSync(path.join(directory, 'x.json'), 'utf8')).graph };
  };

  test('is what the library and the command line say, and ranks go by it', async () => {
    const { pruned, page } = await written(0.6);
    expect(page.influenceOf).toBe('graph');
    const influence = await pruned.graph.nodeInfluence();
    const index = new Map(pruned.nodes().map((each) => [each.id, each.index]));
    for (const [at, id] of page.ids.entries()) {
      if (page.kinds[at] === 'logit') expect(page.ownInfluence[at]).toBeNaN();
      else expect(page.ownInfluence[at]).toBe(influence[index.get(id) as number]);
    }
    for (const { node: feature, influence: told } of await pruned.topFeatures(1000)) {
      const at = page.ids.indexOf(feature.id);
      if (at >= 0) expect(page.ownInfluence[at]).toBe(told);
    }
    const ranked = Array.from(page.ids.keys()).filter((at) => page.influenceRank[at] > 0);
    ranked.sort((a, b) => page.influenceRank[a] - page.influenceRank[b]);
    expect(ranked).toHaveLength(page.kinds.filter((kind) => kind !== 'logit').length);
    const own = ranked.map((at) => page.ownInfluence[at]);
    expect(own).toEqual([...own].sort((a, b) => b - a));
  });

  test('all of it is shown where the slider begins and ends, the node that crosses the threshold too', async () => {
    let crossing = 0;
    for (const threshold of [0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 0.95]) {
      const { page } = await written(threshold);
      expect(page.keptInfluence).toBe(threshold);
      expect([...shownAt(page, threshold)]).toEqual(Array(page.n).fill(1));
      crossing += page.kinds.filter((kind, at) => /feature|error/.test(kind) && page.influence[at] > threshold).length;
    }
    expect(crossing).toBeGreaterThan(0);
  });
});

test('for files of other writers, influence is computed from their edges and labelled so', () => {
  const { graph, at } = small();
  expect(graph.influenceOf).toBe('file');
  expect(graph.ownInfluence[at.high]).toBeCloseTo(influenceOf(graph)[at.high], 12);
  expect([graph.influenceRank[at.low], graph.influenceRank[at.water]]).toEqual([1, 0]);
});

test('an output that is a difference changes no influence', () => {
  const { graph } = small();
  const more = withLogitDifference(graph, ' water__vs__ lake');
  expect([...(more?.ownInfluence ?? [])]).toEqual([...graph.ownInfluence, Number.NaN]);
  expect([...(more?.influenceRank ?? [])]).toEqual([...graph.influenceRank, 0]);
});

test.each([[5], [Number.NaN], [1.0000001]])('a node of the influence %s is shown at the slider’s end', (influence) => {
  const nodes = [node.token(1, 0), node.feature(0, 1, 0, { influence }), node.logit(1, 0, 1, 'x')];
  const { graph } = parseGraph(graphFile({ nodes, links: [] }));
  expect([...shownAt(graph, 0.8)]).toEqual([1, 1, 1]);
});

// Page trials, H5; field faults, section 2.
describe('links of a graph that has more than are drawn', () => {
  const file = largeGraph(2000, 30_000);
  const { graph, strongest } = withDerived(
    parseGraph({ ...file, metadata: { ...file.metadata, node_threshold: 0.8 } }),
    null,
  );

  test.each([1, 0.8, 0.5, 0.4, 0.1, 0.02, 0])('are counted in the file, up to %s of influence', (threshold) => {
    const ids = new Set(
      file.nodes
        .filter(({ influence, feature_type }) => {
          return threshold >= 0.8 || feature_type !== 'cross layer transcoder' || (influence as number) <= threshold;
        })
        .map(({ node_id }) => node_id),
    );
    const expected = file.links.filter(({ source, target }) => ids.has(source) && ids.has(target)).length;
    const { links, left } = drawnLinks(graph, emptyView, shownAt(graph, threshold), strongest);
    expect(links.length + left).toBe(expected);
    expect(links).toHaveLength(Math.min(200, expected));
  });

  test('are the strongest of those let through', () => {
    const view = { ...emptyView, minShare: 0.001 };
    const shown = shownAt(graph, 0.3);
    const { links } = drawnLinks(graph, view, shown, strongest);
    const influence = influenceOf(graph);
    const value = (each: number) =>
      Math.abs(graph.share[each]) * (influence[graph.target[each]] + graph.probability[graph.target[each]]);
    const all = Array.from(graph.share.keys()).filter(
      (each) => Math.abs(graph.share[each]) >= 0.001 && shown[graph.source[each]] && shown[graph.target[each]],
    );
    all.sort((a, b) => value(b) - value(a) || a - b);
    expect([...links].reverse()).toEqual(all.slice(0, 200));
  });

  test('of a selection or of pins are each counted once', () => {
    const { graph: few, nodes } = small();
    const all = new Uint8Array(few.n).fill(1);
    const pins = [nodes.low.node_id, nodes.middle.node_id, nodes.high.node_id];
    const passing = 11;
    for (const topLinks of [1, 2, 200]) {
      const pinned = drawnLinks(few, { ...emptyView, pins, topLinks }, all, strongestLinks(few, influenceOf(few)));
      expect(pinned.links.length + pinned.left).toBe(passing);
    }
  });
});
