import type { Command } from 'commander';
import { Graph } from '../../graph/graph';
import { checkSameModel, verifyGraph, verifyOptions } from '../../verify/verify';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { addMachineOptions, addModelOptions, type ModelFlags, withModel } from '../options/model-options';
import { addFlags, optionsFrom } from '../options/table-flags';
import { Palette } from '../render/text';
import { renderVerify } from '../render/verify';
import { exitCodes } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

type VerifyFlags = ModelFlags & CommonFlags;

export function registerVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('measure how well a saved graph predicts its model; exit code 1 if its edges are wrong')
    .argument('<graph>', 'graph saved as .safetensors');
  addModelOptions(command);
  addFlags(command, verifyOptions);
  addCommonOptions(addMachineOptions(command), { json: 'the report' }).action(verify);
}

async function verify(file: string, flags: VerifyFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const graph = await Graph.load(file);
  const report = await withModel(flags, display, {
    check: (outline) => checkSameModel(graph, outline),
    work: ({ model, ...shared }) => verifyGraph(graph, model, { ...optionsFrom(verifyOptions, flags), ...shared }),
  });
  const text = flags.json
    ? JSON.stringify(report, null, 2)
    : renderVerify(report, new Palette(process.stdout)).join('\n');
  process.stdout.write(`${text}\n`);
  if (!report.frozen.passed) process.exitCode = exitCodes.failure;
}
