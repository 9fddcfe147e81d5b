import type { GraphSummary } from '../../inspect/graph-summary';
import { renderSummary } from './summary';
import { Palette } from './text';

/** Print to standard output: JSON for programs, or text for people. */
export function printSummary(summary: GraphSummary, json = false): void {
  const text = json ? JSON.stringify(summary, null, 2) : renderSummary(summary, new Palette(process.stdout)).join('\n');
  process.stdout.write(`${text}\n`);
}
