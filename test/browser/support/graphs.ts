import { graphFile, link, node, smallParts } from '../../frontend/support/graph-file';

/** A small graph with a title of its own. */
export function smallFile(more: { metadata?: Record<string, unknown>; qParams?: unknown } = {}) {
  const { nodes, links } = smallParts();
  return graphFile({ nodes: Object.values(nodes), links, ...more });
}

/** As many nodes and links as asked for, over 26 layers and 20 tokens; the same each time. */
export function largeFile(nNodes: number, nLinks: number) {
  const random = randomNumbers(7);
  const tokens = Array.from({ length: 20 }, (_, i) => node.token(i, i));
  const logits = Array.from({ length: 10 }, (_, i) => node.logit(i, 19, 0.5 / (i + 1), ` out${i}`));
  const count = nNodes - 30;
  const features = Array.from({ length: count }, (_, i) => {
    const layer = Math.floor((26 * i) / count);
    const more = { influence: ((i * 7919) % count) / count, clerp: i % 3 === 0 ? `label of ${i}` : '' };
    return node.feature(layer, i, Math.floor(random() ** 0.5 * 20), more);
  });
  const sources = [...tokens, ...features];
  const links = Array.from({ length: nLinks }, () => {
    const target = random() < 0.2 ? logits[Math.floor(random() * 10)] : features[Math.floor(random() * count)];
    const before = 'activation' in target ? Math.max(20, 20 + features.indexOf(target as never) - 200) : sources.length;
    return link(sources[Math.floor(random() * before)], target, random() - 0.3);
  });
  const prompt_tokens = tokens.map((_, i) => ` word${i}`);
  return graphFile({
    metadata: { prompt_tokens, prompt: prompt_tokens.join('') },
    nodes: [...sources, ...logits],
    links,
  });
}

function randomNumbers(start: number): () => number {
  let seed = start;
  return () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
}
