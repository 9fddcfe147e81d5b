import type { Command } from 'commander';
import { type AttributeOptions, attributeOptions, resolveAttributeOptions } from '../../attribution/options';
import type { TargetSpec } from '../../attribution/targets';
import { resolveDevice } from '../../engine/device';
import { writeGraphFiles } from '../../graph/formats/graph-files';
import type { Graph } from '../../graph/graph';
import { summarise } from '../../inspect/graph-summary';
import { log } from '../../log';
import type { Prompt } from '../../model/prompt';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { checkNotAborted } from '../../validate';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { namingEntries } from '../options/flag-names';
import {
  addGraphFileOptions,
  checkContent,
  contentOptions,
  type GraphFileFlags,
  labelsOf,
} from '../options/graph-file-options';
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
import { checkOutputs, type Outputs, resolveGraphFiles } from '../options/outputs';
import { addServerOptions, checkServing, type ServerFlags, serveUntilStopped } from '../options/server-options';
import { addFlags, optionsFrom } from '../options/table-flags';
import { addTargetOptions, checkTargets, type TargetFlags, targetsOf } from '../options/target-options';
import { printSummary } from '../render/print-summary';
import { UsageError } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { type ProgressDisplay, progressDisplay } from '../runtime/progress';

interface AttributeFlags extends ModelFlags, PromptFlags, TargetFlags, ServerFlags, GraphFileFlags, CommonFlags {
  graphOutputPath?: string;
  server?: boolean;
}

const example = `
Options may be spelled with underscores, too: --max_n_logits.

Example:
  circuit-tracer attribute -m gemma-2-2b -t gemma-scope \\
    -p "The capital of the state containing Dallas is" -o dallas.safetensors`;

export function registerAttribute(program: Command): void {
  const command = program.command('attribute').description('compute the attribution graph of a prompt');
  addPromptOptions(addModelOptions(command)).option(
    '-o, --graph-output-path <file>',
    'save the whole graph as .safetensors, or as .pt for the Python library',
  );
  addGraphFileOptions(command);
  addTargetOptions(command);
  addFlags(command, attributeOptions);
  addMachineOptions(command);
  addServerOptions(command.option('--server', 'show the graph in the browser afterwards, until Ctrl-C'));
  addCommonOptions(command, { json: 'the summary' }).addHelpText('after', example).action(attribute);
}

async function attribute(flags: AttributeFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const prompt = await promptOf(flags);
  const { targets, flags: targetFlags } = targetsOf(flags);
  const outputs = toOutputs(flags);
  const { devices } = resolveAttributeOptions(toAttributeOptions(flags));
  await checkOutputs(outputs);
  if (flags.server && outputs.graphFiles) await checkServing(outputs.graphFiles.directory, flags);
  for (const device of devices) resolveDevice(device);
  // Report a damaged labels file before the work.
  const labels = await labelsOf(flags);
  const check = async (outline: ModelOutline, signal: AbortSignal) => {
    checkContent(flags, outline.transcoderSpec.scan);
    const prepared = await checkPrompt(prompt, flags, outline, signal);
    if (targets) await checkTargets(targets, prepared, outline);
  };
  const work = async (given: ModelWork) => {
    const graph = (await compute(prompt, targets, flags, given)).withLabels(labels);
    // Graph files and the summary need no model, but steering does.
    if (!flags.server) await given.model.dispose();
    await deliver(graph, outputs, flags, display, given.signal);
    if (flags.server && outputs.graphFiles) await show(outputs.graphFiles, flags, given);
  };
  await namingEntries({ targets: targetFlags }, () => withModel(flags, display, { check, work }));
}

function show(
  { slug, directory }: NonNullable<Outputs['graphFiles']>,
  flags: AttributeFlags,
  { model, signal }: ModelWork,
): Promise<void> {
  const output = flags.json ? process.stderr : process.stdout;
  return serveUntilStopped({ dataDir: directory, slug, model, output }, flags, signal);
}

function toOutputs(flags: AttributeFlags): Outputs {
  const { slug, graphFileDir, graphOutputPath: graphPath } = flags;
  const graphFiles = resolveGraphFiles(slug, graphFileDir, (message) => log().warn(message));
  if (graphPath === undefined && !graphFiles) {
    throw new UsageError(
      '--graph-output-path is required unless graph files are written (--slug and --graph-file-dir).',
    );
  }
  if (flags.server && !graphFiles) {
    throw new UsageError('--server requires graph files. Add --slug and --graph-file-dir.');
  }
  return { graphPath, graphFiles };
}

function compute(
  prompt: Prompt,
  targets: TargetSpec[] | undefined,
  flags: AttributeFlags,
  { model, ...shared }: ModelWork,
): Promise<Graph> {
  return model.attribute(prompt, { ...(targets && { targets }), ...toAttributeOptions(flags), ...shared });
}

function toAttributeOptions(flags: AttributeFlags): AttributeOptions {
  const exactTokens = flags.tokens !== undefined;
  return { ...optionsFrom(attributeOptions, flags), exactTokens, verbose: flags.verbose };
}

async function deliver(
  graph: Graph,
  { graphPath, graphFiles }: Outputs,
  flags: AttributeFlags,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<void> {
  checkNotAborted(signal);
  const { nodeThreshold, edgeThreshold } = flags;
  const pruned = await graph.prune({ nodeThreshold, edgeThreshold, signal });
  if (graphPath !== undefined) await graph.save(graphPath);
  checkNotAborted(signal);
  const written = graphFiles && (await writeGraphFiles(pruned, { ...graphFiles, ...contentOptions(flags) }));
  const summary = await summarise(pruned, { graphPath, written }, signal);
  display.stop();
  printSummary(summary, flags.json);
}
