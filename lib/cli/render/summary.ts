import { relative } from 'node:path';
import type { GraphSummary } from '../../inspect/graph-summary';
import {
  cell,
  clip,
  counted,
  grouped,
  numberCell,
  type Palette,
  pageWidth,
  printable,
  significant,
  wrap,
} from './text';

const label = 13;
const fieldWidth = pageWidth - label;

/** Render the summary in lines of at most 80 columns. */
export function renderSummary(summary: GraphSummary, palette: Palette): string[] {
  const sections = [
    head(summary),
    outputs(summary, palette),
    features(summary, palette),
    edges(summary, palette),
    paths(summary, palette),
    files(summary, palette),
  ];
  return sections.filter((section) => section.length > 0).flatMap((section) => [...section, '']);
}

function field(name: string, text: string): string {
  return cell(name, label) + clip(printable(text), fieldWidth);
}

function head({
  prompt,
  model,
  scan,
  activeFeatures,
  selectedFeatures,
  nodes,
  pruned,
  scores,
}: GraphSummary): string[] {
  const kept = [
    counted(pruned.features, 'feature'),
    counted(pruned.errors, 'error'),
    counted(pruned.tokens, 'token'),
    counted(pruned.logits, 'output'),
    counted(pruned.edges, 'edge'),
  ];
  return [
    field('Prompt', prompt),
    field('Model', `${model.modelName} (${model.family}, ${model.nLayers} layers)`),
    field('Transcoders', typeof scan === 'string' ? scan : `${scan.length} transcoders, one per layer`),
    field(
      'Graph',
      `${grouped(activeFeatures)} active features, ${grouped(selectedFeatures)} selected; ${grouped(nodes)} nodes`,
    ),
    field('Kept', kept.join(', ')),
    field('', `at thresholds ${pruned.nodeThreshold} of influence on nodes, ${pruned.edgeThreshold} on edges`),
    field('Scores', `replacement ${scores.replacement.toFixed(4)}, completeness ${scores.completeness.toFixed(4)}`),
  ];
}

const barWidth = 40;

function outputs({ logits }: GraphSummary, palette: Palette): string[] {
  const rows = logits.map(({ token, weight }) => {
    const name = cell(printable(JSON.stringify(token)), 22);
    const drawn = bar(weight);
    return `  ${name} ${weight.toFixed(4)}${drawn && `  ${palette.bar(drawn)}`}`;
  });
  return [palette.heading('Outputs'), ...rows];
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Render a share as a bar, to an eighth of a column. */
function bar(share: number): string {
  const units = Math.round(Math.min(1, Math.max(0, share)) * barWidth * 8);
  return '█'.repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? '');
}

function features({ topFeatures }: GraphSummary, palette: Palette): string[] {
  if (topFeatures.length === 0) return [];
  const rows = topFeatures.map(
    (feature) =>
      `  ${cell(feature.label, 50)} ${numberCell(feature.activation, 12)} ${numberCell(feature.influence, 12)}`,
  );
  return [
    palette.heading(`${cell('Top features', 52)} ${'activation'.padStart(12)} ${'influence'.padStart(12)}`),
    ...rows,
  ];
}

function edges({ topEdges }: GraphSummary, palette: Palette): string[] {
  if (topEdges.length === 0) return [];
  const rows = topEdges.map(
    ({ source, target, weight }) => `  ${cell(source.label, 32)} → ${cell(target.label, 30)} ${numberCell(weight, 10)}`,
  );
  return [palette.heading(`${cell('Top edges', 67)} ${'weight'.padStart(10)}`), ...rows];
}

function paths({ topPaths }: GraphSummary, palette: Palette): string[] {
  if (topPaths.length === 0) return [];
  const indent = ' '.repeat(12);
  const rows = topPaths.flatMap(({ nodes, weights, share }) => {
    // A positive product supports the output, a negative one opposes it.
    const sign = weights.reduce((product, weight) => product * Math.sign(weight), 1) < 0 ? '-' : '+';
    const words = nodes.map((node) => node.label);
    const lines = wrap(words, ' → ', pageWidth - indent.length, '  ');
    const lead = `  ${sign}${significant(share)}`.padEnd(indent.length);
    return lines.map((line, index) => (index === 0 ? lead : indent) + line);
  });
  return [palette.heading('Top paths (share of influence; sign for or against)'), ...rows];
}

function files({ files: { graph, graphFile } }: GraphSummary, palette: Palette): string[] {
  const paths = [graph, graphFile].filter((path) => path !== null);
  // Paths are meant to be copied, so they are never cut.
  return paths.length === 0 ? [] : [palette.heading('Files'), ...paths.map((path) => `  ${shortPath(path)}`)];
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
