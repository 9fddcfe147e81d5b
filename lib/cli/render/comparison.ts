import type { ContinuationComparison } from '../../intervention/render/html';
import { percent, visibleToken } from '../../intervention/render/markup';
import type { TokenProbability, TopTokenComparison } from '../../intervention/top-tokens';
import { cell, columns, type Palette, pageWidth, printable } from './text';

const gap = 4;
const half = (pageWidth - gap) / 2;
const widths = { token: 16, bar: 13, percent: half - 16 - 13 };
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Render the likeliest tokens before and after, side by side in 80 columns. All bars share one scale. */
export function renderTopTokens({ before, after }: TopTokenComparison, palette: Palette): string[] {
  const largest = [...before, ...after].reduce((max, { probability }) => Math.max(max, probability), 0);
  const row = (token: TokenProbability | undefined) => (token ? tokenRow(token, largest, palette) : ' '.repeat(half));
  const count = Math.max(before.length, after.length);
  return [
    palette.heading(cell('Before', half + gap) + cell('With interventions', half)),
    ...Array.from({ length: count }, (_, i) => `${row(before[i])}${' '.repeat(gap)}${row(after[i])}`),
  ];
}

function tokenRow({ token, probability }: TokenProbability, largest: number, palette: Palette): string {
  const units = largest > 0 ? Math.round((probability / largest) * widths.bar * 8) : 0;
  const bar = '█'.repeat(units >> 3) + (eighths[units % 8] ?? '');
  return (
    cell(printable(visibleToken(token)), widths.token) +
    palette.bar(bar) +
    ' '.repeat(widths.bar - columns(bar)) +
    percent(probability).padStart(widths.percent)
  );
}

/** Render both texts, with the continuation between « and ». */
export function renderContinuations({ prompt, before, after }: ContinuationComparison, palette: Palette): string[] {
  const text = (added: string) => renderContinuation(prompt, added, palette);
  return [palette.heading('Before'), text(before), '', palette.heading('With interventions'), text(after), ''];
}

export function renderContinuation(prompt: string, added: string, palette: Palette): string {
  return `${plainLines(prompt)}${palette.bar(`«${plainLines(added)}»`)}`;
}

/** Line breaks are part of the text. Other control characters could move the cursor. */
function plainLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
