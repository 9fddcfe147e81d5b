import type { Command } from 'commander';
import { CircuitTracerError } from '../../errors';
import { interruptible, UsageError } from '../exit';
import { findMisfit, type Info, inspect } from '../inspect';
import { progressDisplay } from '../progress';
import { renderInfo } from '../render-info';
import { Palette } from '../text';

export function registerInfo(program: Command): void {
  program
    .command('info')
    .description('say what a model, transcoder folder or graph is, and whether two of them fit')
    .argument('<path>', 'model, transcoders (folder or org/repo) or saved graph')
    .argument('[other]', 'another of them')
    .option('--verbose', 'show stacks of errors')
    .option('--json', 'print it for programs')
    .action(showInfo);
}

/** What is on the hub is fetched, which shows and can be stopped. */
async function inspectBoth(path: string, other: string | undefined): Promise<{ first: Info; second?: Info }> {
  const display = progressDisplay();
  try {
    return await interruptible(async (signal) => {
      const options = { signal, onProgress: display.listener };
      const first = await inspect(path, options);
      return other === undefined ? { first } : { first, second: await inspect(other, options) };
    });
  } finally {
    display.stop();
  }
}

async function showInfo(path: string, other: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const { first, second } = await inspectBoth(path, other);
  if (second?.kind === first.kind) {
    throw new UsageError(`Both paths are of one kind (${first.kind}): give two of a model, transcoders and a graph.`);
  }
  const misfit = second && findMisfit(first, second);
  if (json) printJson(first, second, misfit);
  else printPage(second ? [first, second] : [first]);
  if (misfit) throw new CircuitTracerError('ERR_MODEL_MISMATCH', misfit);
  if (second && !json) process.stdout.write('They fit.\n');
}

function printJson(first: Info, second: Info | undefined, misfit: string | undefined): void {
  const answer = second ? { items: [first, second], fit: misfit === undefined, misfit: misfit ?? null } : first;
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
}

function printPage(infos: readonly Info[]): void {
  const palette = new Palette(process.stdout);
  for (const info of infos) process.stdout.write(`${renderInfo(info, palette).join('\n')}\n\n`);
}
