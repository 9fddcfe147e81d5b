import type { Command } from 'commander';
import { type AttributeOptions, attributeDefaults, resolveAttributeOptions } from '../../attribution/options';
import type { TargetSpec } from '../../attribution/targets';
import { type Device, resolveDevice } from '../../engine/device';
import { writeGraphFiles } from '../../graph/formats/graph-files';
import type { Graph } from '../../graph/graph';
import { summarise } from '../../inspect/graph-summary';
import { log } from '../../log';
import type { Prompt } from '../../model/prompt';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { checkNotAborted } from '../../validate';
import { fraction, oneOf, wholeNumber, wholeNumberOrAuto } from '../options/arguments';
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
  deviceList,
  type ModelFlags,
  type ModelWork,
  type PromptFlags,
  promptOf,
  withModel,
} from '../options/model-options';
import { checkOutputs, graphFilesOf, type Outputs } from '../options/outputs';
import { addServerOptions, checkServing, type ServerFlags, serveUntilStopped } from '../options/server-options';
import { addTargetOptions, checkTargets, type TargetFlags, targetsOf } from '../options/target-options';
import { printSummary } from '../render/print-summary';
import { UsageError } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { type ProgressDisplay, progressDisplay } from '../runtime/progress';

interface AttributeFlags extends ModelFlags, PromptFlags, TargetFlags, ServerFlags, GraphFileFlags {
  graphOutputPath?: string;
  maxNLogits: number;
  desiredLogitProb: number;
  batchSize: number | 'auto';
  devices?: Device[];
  offload?: 'cpu' | 'disk';
  maxFeatureNodes: number;
  updateInterval: number;
  verbose?: boolean;
  json?: boolean;
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
  addAttributionOptions(command);
  addMachineOptions(command);
  addServerOptions(command.option('--server', 'then show the graph in the browser, until Ctrl-C'));
  command
    .option('--verbose', 'log what is done, and show stacks of errors')
    .option('--json', 'print a machine-readable summary')
    .addHelpText('after', example)
    .action(attribute);
}

function addAttributionOptions(command: Command): void {
  command
    .option('--max-n-logits <n>', 'most output tokens to explain', wholeNumber(1), 10)
    .option('--desired-logit-prob <share>', 'or fewer, with this probability together', fraction, 0.95)
    .option('--batch-size <n>', 'rows computed at once, or auto: as many as fit', wholeNumberOrAuto(1), 256)
    .option('--max-feature-nodes <n>', 'most features to keep', wholeNumber(1), attributeDefaults.maxFeatureNodes)
    .option('--update-interval <n>', 'batches between rankings of features', wholeNumber(1), 4)
    .option('--devices <list>', 'compute rows on several devices: cuda:0,cuda:1', deviceList)
    .option('--offload <where>', 'move idle weights away: cpu or disk', oneOf(['cpu', 'disk']));
}

async function attribute(flags: AttributeFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const prompt = await promptOf(flags);
  const { targets, flags: targetFlags } = targetsOf(flags);
  const outputs = outputsOf(flags);
  resolveAttributeOptions(optionsOf(flags));
  await checkOutputs(outputs);
  if (flags.server && outputs.graphFiles) await checkServing(outputs.graphFiles.directory, flags);
  for (const device of flags.devices ?? []) resolveDevice(device);
  // A labels file that is broken shows before the work.
  const labels = await labelsOf(flags);
  const check = async (outline: ModelOutline) => {
    checkContent(flags, outline.transcoderSpec.scan);
    const prepared = await checkPrompt(prompt, flags, outline);
    if (targets) await checkTargets(targets, prepared, outline);
  };
  const work = async (given: ModelWork) => {
    const graph = (await compute(prompt, targets, flags, given)).withLabels(labels);
    // Files and summary need no model; steering does.
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

function outputsOf(flags: AttributeFlags): Outputs {
  const { slug, graphFileDir, graphOutputPath: graphPath } = flags;
  const graphFiles = graphFilesOf(slug, graphFileDir, (message) => log().warn(message));
  if (graphPath === undefined && !graphFiles) {
    throw new UsageError('--graph-output-path is required when no graph files are made (--slug and --graph-file-dir).');
  }
  if (flags.server && !graphFiles) {
    throw new UsageError('--server shows graph files: give --slug and --graph-file-dir, too.');
  }
  return { graphPath, graphFiles };
}

function compute(
  prompt: Prompt,
  targets: TargetSpec[] | undefined,
  flags: AttributeFlags,
  { model, ...shared }: ModelWork,
): Promise<Graph> {
  return model.attribute(prompt, { ...(targets && { targets }), ...optionsOf(flags), ...shared });
}

function optionsOf(flags: AttributeFlags): AttributeOptions {
  const { maxNLogits, desiredLogitProb, batchSize, maxFeatureNodes, updateInterval } = flags;
  const { devices, offload, verbose } = flags;
  return {
    ...{ maxNLogits, desiredLogitProb, batchSize, maxFeatureNodes, updateInterval },
    ...(devices && { devices }),
    ...(offload && { offload }),
    ...(verbose !== undefined && { verbose }),
    exactTokens: flags.tokens !== undefined,
  };
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
