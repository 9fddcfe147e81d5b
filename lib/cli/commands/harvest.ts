import type { Command } from 'commander';
import { checkHarvestFiles, checkHarvestModel } from '../../harvest/check';
import { type HarvestResult, harvestFeatures } from '../../harvest/harvest';
import { harvestOptions, resolveHarvestOptions } from '../../harvest/options';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { addMachineOptions, addModelOptions, type ModelFlags, withModel } from '../options/model-options';
import { addFlags, optionsFrom } from '../options/table-flags';
import { counted } from '../render/text';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

type HarvestFlags = ModelFlags & CommonFlags;

const example = `
The same command after a break goes on where it was. Example:
  circuit-tracer harvest -m gemma-2-2b -t gemma-scope --text corpus.jsonl \\
    --out gemma-scope/features`;

export function registerHarvest(program: Command): void {
  const command = program
    .command('harvest')
    .description('run a corpus through the model and write the texts that each feature activates on');
  addModelOptions(command);
  addFlags(command, harvestOptions);
  addMachineOptions(command);
  addCommonOptions(command, { json: 'the result' }).addHelpText('after', example).action(harvest);
}

async function harvest(flags: HarvestFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const options = optionsFrom(harvestOptions, flags);
  await checkHarvestFiles(resolveHarvestOptions(options));
  const result = await withModel(flags, display, {
    check: (outline) => checkHarvestModel(outline, resolveHarvestOptions(options)),
    work: ({ model, ...shared }) => harvestFeatures(model, { ...options, ...shared }),
  });
  process.stdout.write(`${flags.json ? JSON.stringify(result, null, 2) : inWords(result)}\n`);
}

function inWords({ directory, tokens, features }: HarvestResult): string {
  return `${counted(features, 'feature')} ${features === 1 ? 'was' : 'were'} active on ${counted(tokens, 'token')}. The texts that they activate on are in ${directory}`;
}
