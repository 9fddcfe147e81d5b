#!/usr/bin/env node
/**
 * Measures operations on a finished graph (prune, scores and graph files) with a random graph.
 *
 *   node scripts/bench/graph.js [--nodes 8000]
 *
 * Prints seconds, and the peak memory next to the size of the edges, [features + outputs, nodes].
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { Graph, writeGraphFiles } = require('../../dist');
const { ownPeakBytes } = require('../own-peak');

const nLayers = 26;
const nPositions = 20;
const nOutputs = 10;

/**
 * Features spread over layers and positions, with an edge if the source is in a lower layer and at no later position.
 */
function randomGraph(nNodes) {
  const nFeatures = nNodes - nLayers * nPositions - nPositions - nOutputs;
  const random = randomNumbers(7);
  const activeFeatures = new Int32Array(3 * nFeatures);
  for (let i = 0; i < nFeatures; i++) {
    const place = Math.floor((i * nLayers * nPositions) / nFeatures);
    activeFeatures.set([Math.floor(place / nPositions), place % nPositions, i], 3 * i);
  }
  const edges = new Float32Array((nFeatures + nOutputs) * nNodes);
  for (let row = 0; row < nFeatures + nOutputs; row++) {
    const layer = row < nFeatures ? activeFeatures[3 * row] : nLayers;
    const position = row < nFeatures ? activeFeatures[3 * row + 1] : nPositions - 1;
    fillRow(edges.subarray(row * nNodes, (row + 1) * nNodes), { layer, position, activeFeatures, nFeatures, random });
  }
  return new Graph({
    prompt: 'random',
    tokens: Int32Array.from({ length: nPositions }, (_, i) => i),
    tokenStrings: Array.from({ length: nPositions }, (_, i) => ` word${i}`),
    activeFeatures,
    activationValues: new Float32Array(nFeatures).fill(1),
    selectedFeatures: Int32Array.from({ length: nFeatures }, (_, i) => i),
    edges,
    logits: Array.from({ length: nOutputs }, (_, i) => ({ tokenId: i, token: ` out${i}`, weight: 0.3 / (i + 1) })),
    scan: 'random',
    model: { family: 'gemma2', modelName: 'random', nLayers, dModel: 8, dVocab: 100 },
    settings: {},
    timings: {},
    packageVersion: '',
  });
}

/** Heavy tails, as in real edges: the cube of a uniform number. */
function fillRow(row, { layer, position, activeFeatures, nFeatures, random }) {
  const weight = () => (2 * random() - 1) ** 3;
  for (let i = 0; i < nFeatures && activeFeatures[3 * i] < layer; i++) {
    if (activeFeatures[3 * i + 1] <= position) row[i] = weight();
  }
  for (let l = 0; l < layer; l++) {
    for (let p = 0; p <= position; p++) row[nFeatures + l * nPositions + p] = weight();
  }
  for (let p = 0; p <= position; p++) row[nFeatures + nLayers * nPositions + p] = weight();
}

/** A linear congruential generator with the constants of Numerical Recipes. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const peakMiB = () => Math.round(ownPeakBytes() / 2 ** 20);

async function main() {
  const { values } = parseArgs({ options: { nodes: { type: 'string', default: '8000' } } });
  const graph = randomGraph(Number(values.nodes));
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'circuit-tracer-graph-'));
  const before = peakMiB();
  const seconds = {};
  const timed = async (name, work) => {
    const start = performance.now();
    await work();
    seconds[name] = (performance.now() - start) / 1000;
  };
  await timed('load LibTorch', () => new Graph({ ...graph, edges: graph.edges }).nodeInfluence());
  await timed('prune', () => graph.prune());
  await timed('scores', () => graph.scores());
  await timed('prune and graph files', () => writeGraphFiles(graph, { slug: 'random', directory }));
  fs.rmSync(directory, { recursive: true });
  const edgesMiB = Math.round(graph.edges.byteLength / 2 ** 20);
  const result = { nodes: graph.nNodes, seconds, edgesMiB, beforeMiB: before, peakMiB: peakMiB() };
  console.log(JSON.stringify(result, null, 2));
}

main();
