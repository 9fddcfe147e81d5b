#!/usr/bin/env node
/**
 * Graphs for check.py: `node make-graphs.js OUT`. For each parity case with a file of the reference: the graph attributed here as
 * `.pt` and `.safetensors`, and what pruning keeps at some thresholds, as JSON.
 */
const fs = require('node:fs');
const path = require('node:path');
const { ReplacementModel } = require('../../dist');

const parity = path.join(__dirname, '..', '..', 'test', 'integration', 'parity');
// Not 1: what the reference keeps then is up to the rounding of a float32 sum, which may end below 1 or reach it early.
const thresholds = [
  [0.8, 0.98],
  [0.5, 0.9],
  [0.95, 0.85],
  [0.99, 0.995],
];

async function makeGraph(name, out) {
  const request = JSON.parse(fs.readFileSync(path.join(parity, 'cases', name, 'case.json'), 'utf8'));
  const model = await ReplacementModel.load(path.join(parity, request.model), path.join(parity, request.transcoders));
  const { max_feature_nodes: maxFeatureNodes } = request.settings.partial;
  for (const [suffix, options] of [
    ['', {}],
    ['-partial', { maxFeatureNodes }],
  ]) {
    const graph = await model.attribute(request.prompt.text, options);
    await graph.save(path.join(out, `${name}${suffix}.pt`));
    await graph.save(path.join(out, `${name}${suffix}.safetensors`));
    const pruned = await Promise.all(thresholds.map((pair) => pruning(graph, pair)));
    fs.writeFileSync(path.join(out, `${name}${suffix}.json`), JSON.stringify({ nodes: graph.nNodes, pruned }));
  }
  await model.dispose();
}

async function pruning(graph, [nodeThreshold, edgeThreshold]) {
  const { nodeMask, edgeTargets, edgeSources } = await graph.prune({ nodeThreshold, edgeThreshold });
  return {
    nodeThreshold,
    edgeThreshold,
    nodeMask: [...nodeMask],
    edges: [...edgeTargets].map((t, i) => [t, edgeSources[i]]),
  };
}

async function main() {
  const [out] = process.argv.slice(2);
  fs.mkdirSync(out, { recursive: true });
  for (const name of fs.readdirSync(path.join(parity, 'cases')).sort()) {
    if (fs.existsSync(path.join(parity, 'cases', name, 'graph.pt'))) await makeGraph(name, out);
  }
}

main();
