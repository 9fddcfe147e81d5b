import { type Command, Option } from 'commander';
import { readLabels } from '../../features/read-labels';
import type { GraphFileOptions } from '../../graph/formats/graph-files';
import { type PruneThresholds, pruneThresholds } from '../../graph/prune-options';
import type { FeatureLabels } from '../../graph-file/labels';
import { neuronpediaNames } from '../../graph-file/neuronpedia';
import { calledBy } from './flag-names';
import { addFlags } from './table-flags';

/** The flags of commands that write graph files. */
export interface GraphFileFlags extends PruneThresholds {
  slug?: string;
  graphFileDir?: string;
  labels?: string;
  neuronpedia?: boolean;
  neuronpediaSet?: string;
  description?: string;
  creator?: string;
}

export function addGraphFileOptions(command: Command): Command {
  command
    .option('--slug <name>', 'name of the graph files, with --graph-file-dir')
    .addOption(
      calledBy(
        new Option('--graph-file-dir <folder>', 'folder for <slug>.json and graph-metadata.json'),
        'directory',
        'dataDir',
      ),
    );
  return addFlags(command, pruneThresholds)
    .option('--labels <file>', 'feature labels: a labels.json, or a graph file with labels')
    .option('--neuronpedia', 'write graph files for upload to Neuronpedia')
    .addOption(
      calledBy(
        new Option('--neuronpedia-set <model/set>', "Neuronpedia's names, if they are not known: gemma-2-2b/clt-hp"),
        'neuronpedia',
      ),
    )
    .option('--description <text>', 'description of the graph in the graph files')
    .option('--creator <name>', 'author of the graph in the graph files');
}

/** The content of graph files from the flags. */
export function contentOptions(flags: GraphFileFlags): Pick<GraphFileOptions, 'info' | 'neuronpedia'> {
  const { description, creator: creatorName, neuronpediaSet } = flags;
  const neuronpedia = neuronpediaSet ?? (flags.neuronpedia || undefined);
  return {
    info: { ...(description && { description }), ...(creatorName && { creatorName }) },
    ...(neuronpedia !== undefined && { neuronpedia }),
  };
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` before the work when Neuronpedia's names are not known. */
export function checkContent(flags: GraphFileFlags, scan: string | readonly string[]): void {
  const { neuronpedia } = contentOptions(flags);
  if (neuronpedia !== undefined) neuronpediaNames(scan, neuronpedia);
}

/** The labels of `--labels`, if given. @throws CircuitTracerError the errors of {@link readLabels}. */
export async function labelsOf({ labels }: GraphFileFlags): Promise<FeatureLabels> {
  return labels === undefined ? {} : readLabels(labels);
}
