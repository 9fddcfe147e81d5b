import { graphFile, smallParts } from '../../../unit/frontend/support/graph-file';

/** A small graph with a title of its own. */
export function smallFile(more: { metadata?: Record<string, unknown>; qParams?: unknown } = {}) {
  const { nodes, links } = smallParts();
  return graphFile({ nodes: Object.values(nodes), links, ...more });
}

/** As many nodes and links as asked for. */
export const { largeGraph } = require('../../../../scripts/bench/large-graph') as {
  largeGraph: (nodes: number, links: number) => object;
};
