import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { convertGraph } from '../../graph/convert';
import { type PruneThresholds, pruneThresholds } from '../../graph/prune-options';
import { fileExists } from '../../io/files';
import type { ProgressListener } from '../../progress';
import { convertTranscoders, convertTranscodersOptions } from '../../transcoder/convert/convert';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { addFlags, optionsFrom } from '../options/table-flags';
import { addTokenizerOption, tokenizerOf } from '../options/tokenizer-option';
import { byteSize } from '../render/text';
import { interruptible } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

interface ConvertFlags extends CommonFlags, PruneThresholds {
  model?: string;
}

/** The common flags of both kinds of conversion. */
interface Shared {
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

export function registerConvert(program: Command): void {
  const command = program
    .command('convert')
    .description(
      'convert transcoders to the format that lazy loading reads fastest, or a saved graph to another format',
    )
    .argument('<from>', 'transcoders with config.yaml, demo or demo-cross-layer; or a graph: .safetensors or .pt')
    .argument('<to>', 'folder to create; or for a graph, a file: .safetensors, .pt, or .json for the page');
  addFlags(addTokenizerOption(command), pruneThresholds);
  addCommonOptions(addFlags(command, convertTranscodersOptions), {}).action(convert);
}

async function convert(from: string, to: string, flags: ConvertFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  await interruptible(async (signal) => {
    try {
      const shared = { signal, onProgress: display.listener };
      const write = (await fileExists(from)) ? convertSavedGraph : convertSet;
      const done = await write(from, to, flags, shared);
      display.stop();
      process.stdout.write(`${done}\n`);
    } finally {
      display.stop();
    }
  });
}

/** @returns a sentence about the written files */
async function convertSavedGraph(
  from: string,
  to: string,
  { model, nodeThreshold, edgeThreshold }: ConvertFlags,
  shared: Shared,
): Promise<string> {
  const tokenizer = await tokenizerOf(model, shared);
  const thresholds = extname(to) === '.json' ? { nodeThreshold, edgeThreshold } : {};
  await convertGraph(from, to, { tokenizer, signal: shared.signal, ...thresholds });
  return resolve(to);
}

/** @returns a sentence about the written files */
async function convertSet(from: string, to: string, flags: ConvertFlags, shared: Shared): Promise<string> {
  const options = { ...optionsFrom(convertTranscodersOptions, flags), ...shared };
  const { directory, files, bytes } = await convertTranscoders(from, to, options);
  return `${files} files, ${byteSize(bytes)}, in ${directory}`;
}
