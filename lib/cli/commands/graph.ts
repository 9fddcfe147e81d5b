import type { Command } from 'commander';
import { writeGraphFiles } from '../../graph/formats/graph-files';
import { Graph } from '../../graph/graph';
import { summarise } from '../../inspect/graph-summary';
import { log } from '../../log';
import { checkNotAborted } from '../../validate';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import {
  addGraphFileOptions,
  checkContent,
  contentOptions,
  type GraphFileFlags,
  labelsOf,
} from '../options/graph-file-options';
import { checkOutputs, resolveGraphFiles } from '../options/outputs';
import { addTokenizerOption, tokenizerOf } from '../options/tokenizer-option';
import { printSummary } from '../render/print-summary';
import { interruptible } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

interface GraphFlags extends GraphFileFlags, CommonFlags {
  model?: string;
  scan?: string;
}

export function registerGraph(program: Command): void {
  const command = program
    .command('graph')
    .description('prune and summarise a saved graph, and write graph files')
    .argument('<file>', 'graph saved as .safetensors or .pt');
  addGraphFileOptions(command);
  addTokenizerOption(command).option(
    '--scan <name>',
    "transcoders whose features the page reads (default: the graph's)",
  );
  addCommonOptions(command, { json: 'the summary' }).action(showGraph);
}

async function showGraph(file: string, flags: GraphFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const { slug, graphFileDir, nodeThreshold, edgeThreshold, scan } = flags;
  const graphFiles = resolveGraphFiles(slug, graphFileDir, (message) => log().warn(message));
  await checkOutputs({ graphPath: undefined, graphFiles });
  const labels = await labelsOf(flags);
  await interruptible(async (signal) => {
    const tokenizer = await tokenizerOf(flags.model, { signal, onProgress: display.listener }).finally(() =>
      display.stop(),
    );
    const graph = (await Graph.load(file, { tokenizer })).withLabels(labels);
    checkContent(flags, scan ?? graph.scan);
    const pruned = await graph.prune({ nodeThreshold, edgeThreshold, signal });
    checkNotAborted(signal);
    const options = { ...contentOptions(flags), ...(scan && { scan }) };
    const written = graphFiles && (await writeGraphFiles(pruned, { ...graphFiles, ...options }));
    printSummary(await summarise(pruned, { graphPath: file, written }, signal), flags.json);
  });
}
