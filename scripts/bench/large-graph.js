/**
 * A reproducible graph file of a given size over 26 layers and 20 tokens: ten outputs with a fifth of all edges, and
 * the rest between features a few layers apart.
 */
function largeGraph(nNodes, nLinks) {
  const random = randomNumbers(7);
  const tokens = Array.from({ length: nTokens }, (_, i) => tokenNode(i));
  const outputs = Array.from({ length: nOutputs }, (_, i) => outputNode(i));
  const count = nNodes - nTokens - nOutputs;
  const features = Array.from({ length: count }, (_, i) => featureNode(i, count, random()));
  const sources = [...tokens, ...features];
  const links = Array.from({ length: nLinks }, () => {
    const toOutput = random() < 0.2;
    const place = nTokens + Math.floor(random() * count);
    const target = toOutput ? outputs[Math.floor(random() * nOutputs)] : sources[place];
    const before = toOutput ? sources.length : Math.max(nTokens, place - Math.ceil(count / nLayers));
    return { source: sources[Math.floor(random() * before)].node_id, target: target.node_id, weight: random() - 0.3 };
  });
  const words = tokens.map((_, i) => ` word${i}`);
  const metadata = { slug: 'large', scan: 'x', prompt: words.join(''), prompt_tokens: words, schema_version: 1 };
  return { metadata: { ...metadata, node_threshold: 1 }, qParams: {}, nodes: [...sources, ...outputs], links };
}

const nTokens = 20;
const nOutputs = 10;
const nLayers = 26;

const blank = { jsNodeId: '', clerp: '', influence: null };

function tokenNode(i) {
  return { ...blank, node_id: `E_${i}_${i}`, feature: i, layer: 'E', ctx_idx: i, feature_type: 'embedding' };
}

function outputNode(i) {
  const place = { feature: i, layer: String(nLayers + 1), ctx_idx: nTokens - 1, feature_type: 'logit' };
  const label = `Output " out${i}" (p=${(0.5 / (i + 1)).toFixed(3)})`;
  return { ...blank, ...place, node_id: `27_${i}_19`, clerp: label, token_prob: 0.3 / (i + 1) };
}

function featureNode(i, count, where) {
  const layer = Math.floor((nLayers * i) / count);
  const position = Math.floor(Math.sqrt(where) * nTokens);
  return {
    node_id: `${layer}_${i}_${position}`,
    jsNodeId: `${layer}_${i}-0`,
    feature: ((layer + i) * (layer + i + 1)) / 2 + i,
    layer: String(layer),
    ctx_idx: position,
    feature_type: 'cross layer transcoder',
    clerp: i % 3 === 0 ? `label of ${i}` : '',
    influence: ((i * 7919) % count) / count,
    activation: 1 + where,
  };
}

function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

module.exports = { largeGraph };
