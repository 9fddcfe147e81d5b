import type { Command } from 'commander';
import { continuationsHtml } from '../../intervention/render/html';
import type { GenerateOptions, GenerateResult } from '../../intervention/types';
import { wholeNumber } from '../arguments';
import { addInterventionOptions, type InterventionFlags, interventionsOf } from '../intervention-options';
import { logToStderr } from '../logging';
import {
  addMachineOptions,
  addModelOptions,
  addPromptOptions,
  type ModelFlags,
  type PromptFlags,
  promptOf,
  withModel,
} from '../model-options';
import { addPageOptions, checkPages, type PageFlags, writePages } from '../pages';
import { progressDisplay } from '../progress';
import { renderContinuations } from '../render-comparison';
import { Palette } from '../text';

interface GenerateFlags extends ModelFlags, PromptFlags, InterventionFlags, PageFlags {
  maxNewTokens: number;
  temperature: number;
  topK?: number;
  topP: number;
  frequencyPenalty: number;
  seed: number;
  kvCache: boolean;
  verbose?: boolean;
  json?: boolean;
}

export function registerGenerate(program: Command): void {
  const command = program
    .command('generate')
    .description('continue a prompt by itself and with features set to values');
  addInterventionOptions(addPromptOptions(addModelOptions(command)))
    .option('--max-new-tokens <n>', 'tokens to add', wholeNumber(1), 10)
    .option('--temperature <t>', '0 takes the likeliest token each time', Number, 0)
    .option('--top-k <n>', 'sample from so many of the likeliest tokens', wholeNumber(1))
    .option('--top-p <share>', 'sample from the fewest tokens with this probability together', Number, 1)
    .option('--frequency-penalty <x>', "off a token's logit for each time it was generated", Number, 0)
    .option('--seed <n>', 'the same seed gives the same text', wholeNumber(0, 2 ** 32 - 1), 0)
    .option('--no-kv-cache', 'run all tokens again for each new one');
  addPageOptions(command);
  addMachineOptions(command)
    .option('--verbose', 'log what is done, and show stacks of errors')
    .option('--json', 'print a machine-readable comparison')
    .action(generate);
}

async function generate(flags: GenerateFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const prompt = await promptOf(flags);
  const { interventions } = await interventionsOf(flags);
  await checkPages(flags);
  const { before, after } = await withModel(flags, display, async ({ model, ...shared }) => {
    const options = { ...optionsOf(flags), ...shared };
    return {
      before: await model.generate(prompt, [], options),
      after: await model.generate(prompt, interventions, options),
    };
  });
  const text = before.text.slice(0, before.text.length - before.newText.length);
  const comparison = { prompt: text, before: before.newText, after: after.newText };
  await writePages(flags, continuationsHtml(comparison));
  const output = flags.json
    ? JSON.stringify({ prompt: text, interventions, before: summary(before), after: summary(after) }, null, 2)
    : renderContinuations(comparison, new Palette(process.stdout)).join('\n');
  process.stdout.write(`${output}\n`);
}

function optionsOf(flags: GenerateFlags): GenerateOptions {
  const { maxNewTokens, temperature, topK, topP, frequencyPenalty, seed, kvCache, freezeAttention } = flags;
  return {
    ...{ maxNewTokens, temperature, topP, frequencyPenalty, seed, kvCache, freezeAttention },
    ...(topK !== undefined && { topK }),
    exactTokens: flags.tokens !== undefined,
    returnActivations: false,
  };
}

function summary({ newText, newTokens }: GenerateResult): { newText: string; newTokens: number[] } {
  return { newText, newTokens: Array.from(newTokens) };
}
