import type { Command } from 'commander';
import { checkRoom, resolveGenerateOptions } from '../../intervention/generate';
import { type ContinuationComparison, continuationsHtml } from '../../intervention/render/html';
import type { GenerateResult } from '../../intervention/results';
import type { GenerateOptions, Intervention } from '../../intervention/types';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { number, positiveShare, wholeNumber } from '../options/arguments';
import { namingEntries, withEntries } from '../options/flag-names';
import {
  addInterventionOptions,
  checkInterventions,
  type InterventionFlags,
  interventionsOf,
} from '../options/intervention-options';
import {
  addMachineOptions,
  addModelOptions,
  addPromptOptions,
  checkPrompt,
  type ModelFlags,
  type ModelWork,
  type PromptFlags,
  promptOf,
  withModel,
} from '../options/model-options';
import { addPageOptions, checkPages, type PageFlags, writePages } from '../options/picture-options';
import { renderContinuation, renderContinuations } from '../render/comparison';
import { Palette } from '../render/text';
import { UsageError } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

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
  const command = program.command('generate').description('continue a prompt, also with features set to values');
  addInterventionOptions(addPromptOptions(addModelOptions(command)))
    .option('--max-new-tokens <n>', 'tokens to add', wholeNumber(1), 10)
    .option('--temperature <t>', '0 takes the likeliest token each time', number(0), 0)
    .option('--top-k <n>', 'sample from so many of the likeliest tokens', wholeNumber(1))
    .option('--top-p <share>', 'sample from the fewest tokens with this probability together', positiveShare, 1)
    .option('--frequency-penalty <x>', "off a token's logit for each time it was generated", number(), 0)
    .option('--seed <n>', 'the same seed gives the same text', wholeNumber(0, 2 ** 32 - 1), 0)
    .option('--no-kv-cache', 'run all tokens again for each new one');
  addPageOptions(command);
  addMachineOptions(command)
    .option('--verbose', 'log what is done, and show stacks of errors')
    .option('--json', 'print a machine-readable comparison')
    .action(generate);
}

async function generate(flags: GenerateFlags): Promise<void> {
  const prompt = await promptOf(flags);
  const { interventions, flags: given } = await interventionsOf(flags);
  const entries = { interventions: given };
  const display = progressDisplay(process.stderr, (line) => withEntries(line, entries));
  logToStderr(display, flags.verbose);
  if (flags.html !== undefined && interventions.length === 0) {
    throw new UsageError('--html compares two texts: give an intervention, too.');
  }
  await checkPages(flags);
  const run = (edits: readonly Intervention[], { model, ...shared }: ModelWork) =>
    model.generate(prompt, { interventions: edits, ...optionsOf(flags), ...shared });
  const check = async (outline: ModelOutline) => {
    const { maxNewTokens } = resolveGenerateOptions(optionsOf(flags), outline.spec, outline.tokenizer);
    const prepared = await checkPrompt(prompt, flags, outline);
    checkRoom(prepared.tokens.length, maxNewTokens, outline.spec);
    checkInterventions(interventions, prepared, outline, true);
  };
  const work = async (model: ModelWork) =>
    [await run([], model), interventions.length === 0 ? null : await run(interventions, model)] as const;
  const [before, after] = await namingEntries(entries, () => withModel(flags, display, { check, work }));
  const text = before.text.slice(0, before.text.length - before.newText.length);
  if (after) await writePages(flags, continuationsHtml(comparisonOf(text, before, after)));
  const output = flags.json
    ? JSON.stringify({ prompt: text, interventions, before: summary(before), after: after && summary(after) }, null, 2)
    : render(text, before, after).join('\n');
  process.stdout.write(`${output}\n`);
}

function comparisonOf(prompt: string, before: GenerateResult, after: GenerateResult): ContinuationComparison {
  return { prompt, before: before.newText, after: after.newText };
}

function render(prompt: string, before: GenerateResult, after: GenerateResult | null): string[] {
  const palette = new Palette(process.stdout);
  if (after) return renderContinuations(comparisonOf(prompt, before, after), palette);
  return [renderContinuation(prompt, before.newText, palette), ''];
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
