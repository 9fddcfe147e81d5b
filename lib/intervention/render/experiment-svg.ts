import { type Experiment, type ExperimentGroup, size } from './experiment';
import { arrow, groupBox, outputRow, promptLines, style } from './experiment-parts';
import { escapeMarkup } from './markup';
import { fitText } from './text-box';

interface Placed {
  readonly x: number;
  readonly y: number;
}

/**
 * Draw an experiment: the prompt, the groups with their activations as shares of the original, the edges between them,
 * and the likeliest outputs. The result is valid XML for any label. Text is cut to fit its box. Colours follow the
 * reader's light or dark theme.
 */
export function experimentSvg({ prompt, groups, edges = [], outputs }: Experiment): string {
  const places = place(groups);
  const columns = places.reduce((max, { x }) => Math.max(max, x + size.box), size.margin + size.box);
  const width = columns + size.gapX + size.outputs + size.margin;
  const promptText = fitText(prompt, size.font, width - 2 * size.margin - 24, 3);
  const top = size.margin + promptText.length * 19 + 20 + size.gapX;
  const bodyHeight = Math.max(
    places.reduce((max, { y }) => Math.max(max, y + size.boxHeight), 0),
    30 + outputs.length * 24,
  );
  const height = top + bodyHeight + size.margin;
  const heaviest = edges.reduce((max, { weight = 1 }) => Math.max(max, Math.abs(weight)), 0);
  const drawn = edges.flatMap(({ from, to, weight = 1 }) => {
    const [source, target] = [places[from], places[to]];
    return source && target && from !== to ? [arrow(source, target, weight, heaviest)] : [];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeMarkup(`Intervention on: ${prompt}`)}">`,
    style,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    promptLines(promptText, width),
    `<g transform="translate(0 ${top})">`,
    ...drawn,
    ...groups.map((group, i) => groupBox(group, places[i] as Placed)),
    `<text class="heading" x="${columns + size.gapX}" y="14">Likeliest next tokens</text>`,
    ...outputs.map((output, i) => outputRow(output, columns + size.gapX, 30 + 24 * i)),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** The rows from bottom to top, each centred. */
function place(groups: readonly ExperimentGroup[]): Placed[] {
  const rows = [...new Set(groups.map(({ row }) => row))].sort((a, b) => b - a);
  const counts = rows.map((row) => groups.filter((group) => group.row === row).length);
  const widest = Math.max(1, ...counts);
  const used = rows.map(() => 0);
  return groups.map((group) => {
    const line = rows.indexOf(group.row);
    const column = (used[line] as number) + (widest - (counts[line] as number)) / 2;
    used[line] = (used[line] as number) + 1;
    return { x: size.margin + column * (size.box + size.gapX), y: line * (size.boxHeight + size.gapY) };
  });
}
