import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { binding } from '../../binding';
import { type Device, isDeviceName } from '../../device';
import { writePrunedGraphFiles } from '../../graph/formats/graph-json';
import type { Graph } from '../../graph/graph';
import { log } from '../../log';
import { type ComputeDtype, computeDtypes } from '../../model/load-options';
import type { Prompt } from '../../model/prompt';
import { ReplacementModel } from '../../model/replacement-model';
import { readTranscoderConfig } from '../../transcoder/config';
import { checkNotAborted } from '../../validate';
import { fraction, oneOf, tokenIds, wholeNumber } from '../arguments';
import { interruptible, UsageError } from '../exit';
import { summarise } from '../graph-summary';
import { logToStderr } from '../logging';
import { checkOutputs, graphFilesOf, type Outputs } from '../outputs';
import { printSummary } from '../print-summary';
import { type ProgressDisplay, progressDisplay } from '../progress';

interface AttributeFlags {
  model?: string;
  transcoderSet: string;
  prompt?: string;
  tokens?: number[];
  graphOutputPath?: string;
  dtype: ComputeDtype;
  maxNLogits: number;
  desiredLogitProb: number;
  batchSize: number;
  offload?: 'cpu' | 'disk';
  maxFeatureNodes: number;
  updateInterval: number;
  verbose?: boolean;
  lazyEncoder?: boolean;
  lazyDecoder?: boolean;
  backend: 'transformerlens' | 'nnsight';
  slug?: string;
  graphFileDir?: string;
  nodeThreshold: number;
  edgeThreshold: number;
  device: Device;
  threads: number;
  json?: boolean;
}

const shortDtypes: Record<string, ComputeDtype> = { fp32: 'float32', bf16: 'bfloat16', fp16: 'float16' };

const example = `
Options may be spelled with underscores, too: --max_n_logits.

Example:
  circuit-tracer attribute -m gemma-2-2b -t gemma-scope \\
    -p "The capital of the state containing Dallas is" -o dallas.safetensors`;

export function registerAttribute(program: Command): void {
  const command = program
    .command('attribute')
    .description('compute the attribution graph of a prompt')
    .option('-m, --model <folder>', 'model in Hugging Face layout (default: model_name of config.yaml, if a folder)')
    .requiredOption('-t, --transcoder-set <folder>', 'transcoders with config.yaml')
    .option('-p, --prompt <text>', 'text to analyse')
    .option('--tokens <ids>', 'exact token ids in place of a prompt: 2,5,7', tokenIds)
    .option('-o, --graph-output-path <file>', 'save the whole graph as .safetensors');
  addGraphFileOptions(command);
  addAttributionOptions(command);
  addMachineOptions(command);
  command
    .option('--verbose', 'log what is done, and show stacks of errors')
    .option('--json', 'print a machine-readable summary')
    .addHelpText('after', example)
    .action(attribute);
}

/** Shared with the command that reads a saved graph. */
export function addGraphFileOptions(command: Command): void {
  command
    .option('--slug <name>', 'name of the graph files; with --graph-file-dir')
    .option('--graph-file-dir <folder>', 'folder for <slug>.json and graph-metadata.json')
    .option('--node-threshold <share>', 'influence kept by the nodes of graph files and summary', fraction, 0.8)
    .option('--edge-threshold <share>', 'influence kept by their edges', fraction, 0.98);
}

function addAttributionOptions(command: Command): void {
  command
    .option('--max-n-logits <n>', 'most output tokens to explain', wholeNumber(1), 10)
    .option('--desired-logit-prob <share>', 'or fewer, with this probability together', fraction, 0.95)
    .option('--batch-size <n>', 'rows computed at once', wholeNumber(1), 256)
    .option('--max-feature-nodes <n>', 'most features to keep', wholeNumber(1), 7500)
    .option('--update-interval <n>', 'batches between rankings of features', wholeNumber(1), 4)
    .option('--offload <where>', 'move idle weights away: cpu or disk', oneOf(['cpu', 'disk']));
}

function addMachineOptions(command: Command): void {
  command
    .option('--dtype <type>', 'float32, bfloat16 or float16', oneOf(computeDtypes, shortDtypes), 'float32')
    .option('--device <device>', 'auto, cpu, cuda, cuda:N or mps', device, 'auto')
    .option('--threads <n>', 'CPU threads; 0 = as many as cores', wholeNumber(0, 4096), 0)
    .option('--lazy-encoder', 'read encoders from disk as needed')
    .option('--lazy-decoder', 'read decoders from disk as needed; on by default')
    .option('--no-lazy-decoder', 'load decoders into memory')
    .option(
      '--backend <name>',
      'whose first token to take where they differ (Qwen): transformerlens or nnsight',
      oneOf(['transformerlens', 'nnsight']),
      'transformerlens',
    );
}

function device(text: string): Device {
  return isDeviceName(text) ? text : (oneOf(['auto', 'cpu', 'cuda', 'cuda:N', 'mps'])('') as Device);
}

async function attribute(flags: AttributeFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const prompt = promptOf(flags);
  const outputs = outputsOf(flags);
  await checkOutputs(outputs);
  const modelFolder = flags.model ?? (await modelFolderOf(flags.transcoderSet));
  // Loading LibTorch can take seconds in which no handler runs: until it is there, Ctrl-C ends the process as is.
  binding();
  await interruptible(async (signal) => {
    try {
      const graph = await compute(modelFolder, prompt, flags, display, signal);
      await deliver(graph, outputs, flags, display, signal);
    } finally {
      display.stop();
    }
  });
}

function promptOf({ prompt, tokens }: AttributeFlags): Prompt {
  if (prompt !== undefined && tokens !== undefined) throw new UsageError('Give --prompt or --tokens, not both.');
  const given = prompt ?? tokens;
  if (given === undefined) throw new UsageError('Give a --prompt, or its token ids with --tokens.');
  return given;
}

function outputsOf(flags: AttributeFlags): Outputs {
  const { slug, graphFileDir, graphOutputPath: graphPath } = flags;
  const graphFiles = graphFilesOf(slug, graphFileDir, (message) => log().warn(message));
  if (graphPath === undefined && !graphFiles) {
    throw new UsageError('--graph-output-path is required when no graph files are made (--slug and --graph-file-dir).');
  }
  return { graphPath, graphFiles };
}

async function modelFolderOf(transcoderFolder: string): Promise<string> {
  const { modelName } = await readTranscoderConfig(transcoderFolder);
  const status = modelName === '' ? undefined : await stat(modelName).catch(() => undefined);
  if (status?.isDirectory()) return modelName;
  const found = modelName === '' ? 'names none' : `names '${modelName}', which is no folder here`;
  throw new UsageError(`--model is required: config.yaml of the transcoders ${found}.`);
}

async function compute(
  modelFolder: string,
  prompt: Prompt,
  flags: AttributeFlags,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<Graph> {
  const shared = { signal, onProgress: display.listener };
  const { dtype, device, threads, lazyEncoder, lazyDecoder } = flags;
  const qwenPrefix = flags.backend === 'nnsight' ? 'pad' : 'eos';
  const loadOptions = { dtype, device, threads, lazyEncoder, lazyDecoder, qwenPrefix, ...shared } as const;
  const model = await ReplacementModel.load(modelFolder, flags.transcoderSet, loadOptions);
  try {
    const { maxNLogits, desiredLogitProb, batchSize, maxFeatureNodes, updateInterval, offload, verbose } = flags;
    return await model.attribute(prompt, {
      ...{ maxNLogits, desiredLogitProb, batchSize, maxFeatureNodes, updateInterval, offload, verbose },
      exactTokens: flags.tokens !== undefined,
      ...shared,
    });
  } finally {
    await model.dispose();
  }
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
  const written = graphFiles && (await writePrunedGraphFiles(pruned, graphFiles));
  const summary = await summarise(pruned, { graphPath, written }, signal);
  display.stop();
  printSummary(summary, flags.json);
}
