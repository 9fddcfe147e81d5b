import type { Command } from 'commander';
import type { SparseActivations } from '../../engine/arrays';
import { describeExperiment } from '../../inspect/experiment';
import { type InterveneOptions, interveneOptions, resolveInterveneOptions } from '../../intervention/options';
import { experimentSvg } from '../../intervention/render/experiment-svg';
import { topTokensHtml } from '../../intervention/render/html';
import type { TopTokenComparison } from '../../intervention/top-tokens';
import type { Prompt } from '../../model/prompt';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { wholeNumber } from '../options/arguments';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { namingEntries, withEntries } from '../options/flag-names';
import {
  addInterventionOptions,
  checkInterventions,
  type GivenInterventions,
  type InterventionFlags,
  requireInterventions,
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
import { renderTopTokens } from '../render/comparison';
import { cell, clip, Palette, pageWidth, printable } from '../render/text';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

interface InterveneFlags extends ModelFlags, PromptFlags, InterventionFlags, PageFlags, CommonFlags {
  top: number;
}

export function registerIntervene(program: Command): void {
  const command = program
    .command('intervene')
    .description('run a prompt with interventions and compare the likeliest next tokens');
  addInterventionOptions(addPromptOptions(addModelOptions(command)));
  addFlags(command, interveneOptions, ['constrainedLayers']).option(
    '--top <n>',
    'tokens to show',
    wholeNumber(1, 1000),
    10,
  );
  addPageOptions(command).option('--svg <file>', 'write a picture of the experiment');
  addCommonOptions(addMachineOptions(command), { json: 'the comparison' }).action(intervene);
}

async function intervene(flags: InterveneFlags): Promise<void> {
  const prompt = await promptOf(flags);
  const given = await requireInterventions(flags);
  const entries = { interventions: given.flags };
  const display = progressDisplay(process.stderr, (line) => withEntries(line, entries));
  logToStderr(display, flags.verbose);
  await checkPages(flags);
  const check = async (outline: ModelOutline, signal: AbortSignal) => {
    resolveInterveneOptions(toInterveneOptions(flags), outline.spec);
    checkInterventions(given.interventions, await checkPrompt(prompt, flags, outline, signal), outline, false);
  };
  const work = (model: ModelWork) => compare(prompt, given, flags, model);
  const outcome = await namingEntries(entries, () => withModel(flags, display, { check, work }));
  const { text, comparison, svg } = outcome;
  await writePages(flags, topTokensHtml(comparison), svg);
  if (flags.json) {
    const { interventions } = given;
    process.stdout.write(`${JSON.stringify({ prompt: text, interventions, ...comparison }, null, 2)}\n`);
    return;
  }
  const lines = [cell('Prompt', 8) + clip(printable(text), pageWidth - 8), ''];
  process.stdout.write(`${[...lines, ...renderTopTokens(comparison, new Palette(process.stdout)), ''].join('\n')}\n`);
}

function toInterveneOptions(flags: InterveneFlags): InterveneOptions & { sparse: true } {
  const exactTokens = flags.tokens !== undefined;
  return { ...optionsFrom(interveneOptions, flags), exactTokens, sparse: true };
}

async function compare(
  prompt: Prompt,
  given: GivenInterventions,
  flags: InterveneFlags,
  { model, signal, onProgress }: ModelWork,
) {
  const options = { ...toInterveneOptions(flags), signal, onProgress };
  const clean = await model.intervene(prompt, [], options);
  const edited = await model.intervene(prompt, given.interventions, options);
  const comparison: TopTokenComparison = {
    before: clean.topTokens(flags.top),
    after: edited.topTokens(flags.top),
  };
  const ids = Array.from(clean.tokens);
  const text = model.tokenizer?.decode(ids) ?? ids.join(' ');
  const experiment = describeExperiment(given, {
    prompt: text,
    clean: clean.activations as SparseActivations,
    edited: edited.activations as SparseActivations,
    outputs: comparison.after,
  });
  return { text, comparison, svg: experimentSvg(experiment) };
}
