import type { Command } from 'commander';
import { checkRoom } from '../../intervention/generate';
import { type GenerateOptions, generateOptions, resolveGenerateOptions } from '../../intervention/options';
import { type ContinuationComparison, continuationsHtml } from '../../intervention/render/html';
import type { GenerateResult } from '../../intervention/results';
import type { Intervention } from '../../intervention/types';
import { omitOptions } from '../../options';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
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
import { addFlags, optionsFrom } from '../options/table-flags';
import { renderContinuation, renderContinuations } from '../render/comparison';
import { Palette } from '../render/text';
import { UsageError } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

type GenerateFlags = ModelFlags & PromptFlags & InterventionFlags & PageFlags & CommonFlags;

export function registerGenerate(program: Command): void {
  const command = program.command('generate').description('continue a prompt, with or without interventions');
  addInterventionOptions(addPromptOptions(addModelOptions(command)));
  addFlags(command, omitOptions(generateOptions, 'freezeAttention', 'constrainedLayers'));
  addPageOptions(command);
  addCommonOptions(addMachineOptions(command), { json: 'the comparison' }).action(generate);
}

async function generate(flags: GenerateFlags): Promise<void> {
  const prompt = await promptOf(flags);
  const { interventions, flags: given } = await interventionsOf(flags);
  const entries = { interventions: given };
  const display = progressDisplay(process.stderr, (line) => withEntries(line, entries));
  logToStderr(display, flags.verbose);
  if (flags.html !== undefined && interventions.length === 0) {
    throw new UsageError('--html compares two texts and requires an intervention.');
  }
  await checkPages(flags);
  const run = (edits: readonly Intervention[], { model, ...shared }: ModelWork) =>
    model.generate(prompt, { interventions: edits, ...toGenerateOptions(flags), ...shared });
  const check = async (outline: ModelOutline, signal: AbortSignal) => {
    const { maxNewTokens } = resolveGenerateOptions(toGenerateOptions(flags), outline.spec, outline.tokenizer);
    const prepared = await checkPrompt(prompt, flags, outline, signal);
    checkRoom(prepared.tokens.length, maxNewTokens, outline.spec);
    checkInterventions(interventions, prepared, outline, true);
  };
  const work = async (model: ModelWork) =>
    [await run([], model), interventions.length === 0 ? null : await run(interventions, model)] as const;
  const [before, after] = await namingEntries(entries, () => withModel(flags, display, { check, work }));
  const text = before.text.slice(0, before.text.length - before.newText.length);
  if (after) await writePages(flags, continuationsHtml(toComparison(text, before, after)));
  const output = flags.json
    ? JSON.stringify({ prompt: text, interventions, before: summary(before), after: after && summary(after) }, null, 2)
    : render(text, before, after).join('\n');
  process.stdout.write(`${output}\n`);
}

function toComparison(prompt: string, before: GenerateResult, after: GenerateResult): ContinuationComparison {
  return { prompt, before: before.newText, after: after.newText };
}

function render(prompt: string, before: GenerateResult, after: GenerateResult | null): string[] {
  const palette = new Palette(process.stdout);
  if (after) return renderContinuations(toComparison(prompt, before, after), palette);
  return [renderContinuation(prompt, before.newText, palette), ''];
}

function toGenerateOptions(flags: GenerateFlags): GenerateOptions {
  const exactTokens = flags.tokens !== undefined;
  return { ...optionsFrom(generateOptions, flags), exactTokens, returnActivations: false };
}

function summary({ newText, newTokens }: GenerateResult): { newText: string; newTokens: number[] } {
  return { newText, newTokens: Array.from(newTokens) };
}
