import type { Comparison, ErrorStatistics } from '../verify/comparison';
import type { VerifyReport } from '../verify/verify';
import { cell, clip, grouped, numberCell, type Palette, pageWidth, printable, significant } from './text';

const label = 22;

/** The report as lines of at most 80 columns. */
export function renderVerify(report: VerifyReport, palette: Palette): string[] {
  const { prompt, seed, tolerance, frozen, free } = report;
  const { features, errors, tokens } = frozen.samples;
  const share = (part: number) => `${(100 * part).toFixed(2)}%`;
  const verdict = frozen.passed ? 'passed' : palette.error('FAILED');
  return [
    field('Prompt', printable(prompt)),
    field('Seed, tolerance', `${seed}, ${tolerance}`),
    '',
    palette.heading('Edges against the frozen model'),
    `${cell('Verdict', label)}${verdict}`,
    field('Samples', `${features} features, ${errors} errors, ${tokens} tokens`),
    field('Samples within', share(frozen.shareOfSamplesWithinTolerance)),
    field('Largest edge', significant(frozen.largestEdge)),
    ...statistics(frozen, share),
    ...worst(frozen.worst, palette),
    '',
    palette.heading('Ablations of the free model against total effects'),
    field('Features ablated', grouped(free.samples)),
    field('Rank correlation', free.spearman === null ? 'not defined' : free.spearman.toFixed(3)),
    field('Same sign', share(free.sameSign)),
    ...statistics(free, share),
    ...worst(free.worst, palette),
    '',
  ];
}

function field(name: string, text: string): string {
  return cell(name, label) + clip(text, pageWidth - label);
}

function statistics(part: ErrorStatistics, share: (part: number) => string): string[] {
  return [
    field('Comparisons', grouped(part.comparisons)),
    field('Within tolerance', `${share(part.shareWithinTolerance)} (error at most ${significant(part.allowedError)})`),
    field('Largest error', significant(part.maxAbsoluteError)),
    field('Median error', significant(part.medianAbsoluteError)),
  ];
}

function worst(comparisons: readonly Comparison[], palette: Palette): string[] {
  if (comparisons.length === 0) return [];
  const titles = ['predicted', 'measured', 'error'].map((title) => title.padStart(10)).join('');
  return [
    palette.faint(`${cell('Worst', 50)}${titles}`),
    ...comparisons
      .slice(0, 5)
      .map(
        ({ sourceLabel, targetLabel, predicted, measured, error }) =>
          cell(`  ${clip(sourceLabel, 22)} → ${clip(targetLabel, 22)}`, 50) +
          [predicted, measured, error].map((value) => numberCell(value, 10)).join(''),
      ),
  ];
}
