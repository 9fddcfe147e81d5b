import { renderSummary } from '../../../lib/cli/render/summary';
import { columns, Palette } from '../../../lib/cli/render/text';
import type { GraphSummary } from '../../../lib/inspect/graph-summary';

const node = (label: string) => ({ id: label, label });

function summaryOf(changes: Partial<GraphSummary> = {}): GraphSummary {
  const feature = { layer: 3, position: 5, feature: 120, activation: 12.345, influence: 0.0812 };
  return {
    prompt: '<bos>The capital of the state containing Dallas is',
    tokens: [{ id: 2, token: '<bos>' }],
    model: { family: 'gemma2', modelName: 'gemma-2-2b', nLayers: 26, dModel: 2304, dVocab: 256000 },
    scan: 'org/transcoders',
    packageVersion: '0.1.0',
    settings: {},
    timings: {},
    activeFeatures: 12345,
    selectedFeatures: 7500,
    nodes: 7999,
    pruned: { nodeThreshold: 0.8, edgeThreshold: 0.98, features: 400, errors: 30, tokens: 9, logits: 3, edges: 12000 },
    scores: { replacement: 0.71234, completeness: 0.91234 },
    logits: [
      { tokenId: 7, token: ' Austin', weight: 0.5 },
      { tokenId: 8, token: 'line\nbreak \u202e and a token much longer than its column', weight: 0.01 },
      { tokenId: 9, token: '日本語日本語日本語日本語', weight: 0 },
    ],
    topFeatures: [{ ...node('L3 #120 @5 " Dallas"'), ...feature }],
    topEdges: [
      { source: node('token " Dallas" @5'), target: node('L3 #120 @5 " Dallas"'), weight: -1.5, influence: 0.1 },
    ],
    topPaths: [
      {
        nodes: ['token " Dallas" @5', 'L3 #120 @5 " Dallas"', 'L9 #4 @8 " is"', 'output " Austin" p=0.500'].map(node),
        weights: [1.5, -0.2, 0.3],
        share: 0.0312,
      },
    ],
    files: { graph: '/somewhere/else/dallas.safetensors', graphFile: null },
    ...changes,
  };
}

const plain = new Palette({}, {});

test('the summary shows counts, scores and likely outputs', () => {
  const text = renderSummary(summaryOf(), plain).join('\n');
  expect(text).toMatch(/12,345 active features, 7,500 selected; 7,999 nodes/);
  expect(text).toMatch(/replacement 0\.7123, completeness 0\.9123/);
  expect(text).toMatch(/" Austin" +0\.5000 {2}█{20}\n/);
  expect(text).toMatch(/-0\.0312 {3}token " Dallas" @5 → L3/);
  expect(text).toMatch(/\/somewhere\/else\/dallas\.safetensors/);
});

test('fits 80 columns and one line each, whatever the tokens', () => {
  const long = 'a word '.repeat(40);
  const label = node(`L3 #120 @5 ${long}`);
  const summary = summaryOf({
    prompt: `${long}\n${long}\u001b[2J`,
    topEdges: [{ source: label, target: label, weight: 1.5e-7, influence: 1 }],
    topPaths: [{ nodes: Array.from({ length: 12 }, () => label), weights: Array(11).fill(1), share: 1e-9 }],
    scan: Array(26).fill('x'),
  });
  for (const line of renderSummary(summary, plain)) {
    expect(columns(line)).toBeLessThanOrEqual(80);
    expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
  }
});

test('sections without content are left out', () => {
  const text = renderSummary(
    summaryOf({ topFeatures: [], topEdges: [], topPaths: [], files: { graph: null, graphFile: null } }),
    plain,
  ).join('\n');
  expect(text).not.toMatch(/Top|Files/);
});

test('colours change nothing else', () => {
  const painted = renderSummary(summaryOf(), new Palette({ isTTY: true }, {})).join('\n');
  expect(painted).not.toBe(renderSummary(summaryOf(), plain).join('\n'));
  const bare = painted.replaceAll(/\p{Cc}\[[0-9;]+m/gu, '');
  expect(bare.replaceAll('\n', '')).toBe(renderSummary(summaryOf(), plain).join(''));
});
