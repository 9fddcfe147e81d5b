import type { Comparison, ErrorStatistics } from '../../verify/comparison';
import type { VerifyReport } from '../../verify/verify';
import { cell, clip, grouped, numberCell, type Palette, pageWidth, printable, significant, wrap } from './text';

const label = 22;

/** Render the report in lines of at most 80 columns. */
export function renderVerify(report: VerifyReport, palette: Palette): string[] {
  const { prompt, seed, tolerance, differences, remarks, frozen, free } = report;
  const { features, errors, tokens } = frozen.samples;
  const share = (part: number) => `${(100 * part).toFixed(2)}%`;
  return [
    field('Prompt', printable(prompt)),
    field('Seed, tolerance', `${seed}, ${tolerance}`),
    ...differences.flatMap(({ message }) => sentence('Differs', message)),
    ...remarks.flatMap((remark) => sentence('Note', remark)),
    '',
    palette.heading('Edges against the frozen model'),
    ...verdict(report, palette),
    field('Samples', `${features} features, ${errors} errors, ${tokens} tokens`),
    field('Samples within', share(frozen.shareOfSamplesWithinTolerance)),
    field('Largest edge', significant(frozen.largestEdge)),
    ...statistics(frozen, share),
    ...worst(frozen.worst, palette),
    '',
    palette.heading('Ablations of the free model against total effects'),
    field('Features ablated', grouped(free.samples)),
    ...correlation(free.spearman),
    field('Same sign', share(free.sameSign)),
    ...statistics(free, share),
    ...worst(free.worst, palette),
    '',
  ];
}

function field(name: string, text: string): string {
  return cell(name, label) + clip(text, pageWidth - label);
}

/** Spearman's rank correlation of predicted and measured effects. */
const correlationMeans =
  '1 means that the graph orders the effects of ablations like the model, 0 that the orders are unrelated, and -1 that they are opposite.';

function correlation(spearman: number | null): string[] {
  const name = 'Rank correlation';
  if (spearman === null) return sentence(name, 'undefined, because there are fewer than two effects or all are equal');
  return [field(name, spearman.toFixed(3)), ...sentence('', correlationMeans)];
}

/** The verdict on the edges and, if they are wrong, what is known about the reason. */
function verdict({ frozen, differences }: VerifyReport, palette: Palette): string[] {
  if (frozen.passed) return [field('Verdict', 'passed')];
  const reason =
    differences.length > 0
      ? `: these differ from what the graph was made with (${differences.map(({ what }) => what).join(', ')})`
      : ': model, transcoders, dtype and device match those recorded in the graph';
  const [first = '', ...rest] = wrap(`FAILED${reason}`.split(' '), ' ', pageWidth - label, '');
  const painted = first.replace('FAILED', palette.error('FAILED'));
  return [`${cell('Verdict', label)}${painted}`, ...rest.map((line) => ' '.repeat(label) + line)];
}

/** A name and its wrapped sentence. */
function sentence(name: string, text: string): string[] {
  const lines = wrap(printable(text).split(' '), ' ', pageWidth - label, '');
  return lines.map((line, i) => cell(i === 0 ? name : '', label) + line);
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
