import type { FeatureExample, FeatureExamples } from '../../graph-file/feature-examples';
import type { Unlabelled } from '../../inspect/unlabelled';
import { cell, clip, columns, numberCell, type Palette, pageWidth, printable } from './text';

/**
 * Render a feature without a label in lines of at most 80 columns: its positions, promoted tokens and strongest
 * examples.
 */
export function renderFeature(
  { layer, feature, places }: Unlabelled,
  known: FeatureExamples | undefined,
  examples: number,
  palette: Palette,
): string[] {
  const where = places.map(({ position, token }) => `@${position} ${JSON.stringify(token)}`).join(', ');
  const name = palette.heading(cell(`${layer}:${feature}`, 12));
  const lines = [`${name}${clip(printable(where), pageWidth - 12)}`];
  if (known === undefined) return [...lines, '  no examples available'];
  const promoted = (known.top_logits ?? []).slice(0, 6).map((token) => JSON.stringify(token));
  if (promoted.length > 0) lines.push(clip(printable(`  promotes  ${promoted.join(' ')}`), pageWidth));
  const best = known.examples_quantiles.flatMap((quantile) => quantile.examples);
  best.sort((a, b) => peak(b) - peak(a));
  return [...lines, ...best.slice(0, examples).map((example) => exampleLine(example, palette))];
}

function peak({ tokens_acts_list }: FeatureExample): number {
  return Math.max(0, ...tokens_acts_list);
}

const valueWidth = 9;

/** The strongest token in brackets, with as much context as the line holds. */
function exampleLine(example: FeatureExample, palette: Palette): string {
  const at = example.tokens_acts_list.indexOf(peak(example));
  const tokens = example.tokens.map(printable);
  const width = pageWidth - valueWidth - 2;
  const middle = clip(`[${tokens[at] ?? ''}]`, width);
  const after = tokens.slice(at + 1).join('');
  const before = lastColumns(tokens.slice(0, at).join(''), Math.floor((width - columns(middle)) / 2));
  const rest = clip(after, width - columns(middle) - columns(before));
  return `${numberCell(peak(example), valueWidth)}  ${before}${palette.bar(middle)}${rest}`;
}

/** The last `width` columns, after an ellipsis if text is cut. */
function lastColumns(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let kept = text;
  while (kept !== '' && columns(kept) > width - 1) kept = kept.slice(1);
  return `…${kept}`;
}
