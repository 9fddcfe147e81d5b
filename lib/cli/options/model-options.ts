import type { Command } from 'commander';
import { isBundledModel } from '../../bundled';
import { resolveDevice } from '../../engine/device';
import { openEngines } from '../../engine/jobs';
import { type LoadOptions, loadOptions } from '../../engine/load-options';
import { readJsonFile } from '../../io/files';
import type { ChatPrompt } from '../../model/chat-template';
import { type PreparedPrompt, type Prompt, preparePrompt } from '../../model/prompt';
import type { ProgressListener } from '../../progress';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { ReplacementModel } from '../../replacement-model/replacement-model';
import { interruptible, UsageError } from '../runtime/exit';
import type { ProgressDisplay } from '../runtime/progress';
import { tokenIds } from './arguments';
import { addFlags, optionsFrom } from './table-flags';

/** The flags of every command that runs a model. */
export interface ModelFlags {
  model?: string;
  transcoderSet?: string;
}

export interface PromptFlags {
  prompt?: string;
  tokens?: number[];
  messages?: string;
}

/** The flags of commands that load a model. */
export interface ModelWork {
  readonly model: ReplacementModel;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

export function addModelOptions(command: Command): Command {
  return command
    .option('-m, --model <name>', 'model: folder or org/repo (default: model_name of config.yaml, or demo)')
    .option(
      '-t, --transcoder-set <name>',
      'transcoders: folder, org/repo, gemma or llama; for demo also demo-cross-layer',
    );
}

export function addPromptOptions(command: Command): Command {
  return command
    .option('-p, --prompt <text>', 'text to run')
    .option('--tokens <ids>', 'exact token ids instead of a prompt: 2,5,7', tokenIds)
    .option('--messages <file>', 'conversation instead of a prompt: JSON list of {role, content}');
}

export function addMachineOptions(command: Command): Command {
  return addFlags(command, loadOptions);
}

/** The prompt from the flags. `--tokens` are used without changes. */
export async function promptOf({ prompt, tokens, messages }: PromptFlags): Promise<Prompt> {
  const given = [prompt, tokens, messages].filter((value) => value !== undefined);
  if (given.length > 1) throw new UsageError('Only one of --prompt, --tokens and --messages can be used.');
  if (messages !== undefined) return toChat(await readJsonFile(messages), messages);
  const plain = prompt ?? tokens;
  if (plain === undefined) throw new UsageError('A prompt is required: --prompt, --tokens or --messages.');
  return plain;
}

/** The prompt as tokens that the model can run. */
export async function checkPrompt(
  prompt: Prompt,
  { tokens }: PromptFlags,
  { spec, tokenizer }: ModelOutline,
  signal: AbortSignal,
): Promise<PreparedPrompt> {
  return preparePrompt(prompt, spec, tokenizer, tokens !== undefined, signal);
}

/** A list of messages, or an object with a list of messages. The chat template checks the messages. */
function toChat(json: unknown, file: string): ChatPrompt {
  const messages = Array.isArray(json) ? json : (json as { messages?: unknown } | null)?.messages;
  if (Array.isArray(messages)) return { messages };
  throw new UsageError(`--messages must be a JSON list of {role, content}; found another value in ${file}.`);
}

/** Without both flags, the bundled model. Transcoders name their model unless the flag does. */
function resolveNames({ model, transcoderSet }: ModelFlags): { model: string | undefined; transcoderSet?: string } {
  if (transcoderSet !== undefined) return { model, transcoderSet };
  if (model === undefined || isBundledModel(model)) return { model: 'demo' };
  throw new UsageError(`--transcoder-set is required for the model ${model}.`);
}

/** The work of a command with its model. */
export interface ModelTask<T> {
  /** Checks everything that is known before the weights are read. An error ends the command. */
  readonly check: (outline: ModelOutline, signal: AbortSignal) => Promise<unknown> | unknown;
  readonly work: (given: ModelWork) => Promise<T>;
}

/** Load the model that the flags name, use it until done or interrupted, and free it. */
export async function withModel<T>(
  flags: ModelFlags,
  display: ProgressDisplay,
  { check, work }: ModelTask<T>,
): Promise<T> {
  const names = resolveNames(flags);
  return interruptible(async (signal) => {
    const shared = { signal, onProgress: display.listener };
    const options: LoadOptions = { ...optionsFrom(loadOptions, flags), ...shared };
    try {
      const model = await ReplacementModel.loadChecked(names.model, names.transcoderSet, options, async (outline) => {
        await check(outline, signal);
        await openEngines(signal);
        resolveDevice(options.device);
      });
      try {
        return await work({ model, ...shared });
      } finally {
        await model.dispose();
      }
    } finally {
      display.stop();
    }
  });
}
