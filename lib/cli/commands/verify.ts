import type { Command } from 'commander';
import { Graph } from '../../graph/graph';
import { checkSameModel, verifyGraph } from '../../verify/verify';
import { number, wholeNumber } from '../options/arguments';
import { addMachineOptions, addModelOptions, type ModelFlags, withModel } from '../options/model-options';
import { Palette } from '../render/text';
import { renderVerify } from '../render/verify';
import { exitCodes } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

interface VerifyFlags extends ModelFlags {
  samples: number;
  seed: number;
  tolerance: number;
  verbose?: boolean;
  json?: boolean;
}

export function registerVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('measure how far a saved graph predicts its model; exit code 1 when its edges are off')
    .argument('<graph>', 'graph saved as .safetensors');
  addModelOptions(command)
    .option('--samples <n>', 'nodes to intervene on', wholeNumber(1, 100_000), 64)
    .option('--seed <n>', 'which nodes: the same seed draws the same', wholeNumber(0, 2 ** 32 - 1), 0)
    .option('--tolerance <share>', 'largest error allowed, of the largest edge', number(0), 1e-4);
  addMachineOptions(command)
    .option('--verbose', 'log what is done, and show stacks of errors')
    .option('--json', 'print the report as JSON')
    .action(verify);
}

async function verify(file: string, flags: VerifyFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const { samples, seed, tolerance } = flags;
  const graph = await Graph.load(file);
  const report = await withModel(flags, display, {
    check: (outline) => checkSameModel(graph, outline),
    work: ({ model, ...shared }) => verifyGraph(graph, model, { samples, seed, tolerance, ...shared }),
  });
  const text = flags.json
    ? JSON.stringify(report, null, 2)
    : renderVerify(report, new Palette(process.stdout)).join('\n');
  process.stdout.write(`${text}\n`);
  if (!report.frozen.passed) process.exitCode = exitCodes.failure;
}
