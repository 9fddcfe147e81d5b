import { type Command, InvalidArgumentError } from 'commander';
import { isBundledTranscoders, transcoderFolder } from '../../bundled';
import { CircuitTracerError } from '../../errors';
import { findFeatures } from '../../features/packed-features';
import { readLabels } from '../../features/read-labels';
import type { FeatureSource } from '../../features/sources/feature-source';
import { openFeatureSource } from '../../features/sources/open-source';
import { type PruneThresholds, pruneThresholds } from '../../graph/prune-options';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import { type FeatureLabels, labelKey } from '../../graph-file/labels';
import { localPath } from '../../hub/local-path';
import { requireHubReference, scanOf } from '../../hub/reference';
import { findUnlabelled, type LabelledGraph, type Unlabelled } from '../../inspect/unlabelled';
import { fileExists, isFolder, writeFileAtomically } from '../../io/files';
import { wholeNumber } from '../options/arguments';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { checkFile } from '../options/outputs';
import { addFlags } from '../options/table-flags';
import { renderFeature } from '../render/feature';
import { counted, Palette } from '../render/text';
import { interruptible, UsageError } from '../runtime/exit';

interface LabelFlags extends CommonFlags, PruneThresholds {
  labels?: string;
  name?: [string, string][];
  features?: string;
  transcoderSet?: string;
  count: number;
  examples: number;
}

export function registerLabel(program: Command): void {
  const command = program
    .command('label')
    .description('list the features of a pruned graph that have no label, with their best examples')
    .argument('<graph>', 'saved graph, or graph file (.json)')
    .option('--labels <file>', 'labels.json with additional labels, to which --name writes')
    .option('--name <layer:feature=text>', 'add a label to --labels; may be repeated', name)
    .option('--features <place>', 'source of examples: a folder, a URL or org/repo (default: the transcoders)')
    .option(
      '-t, --transcoder-set <name>',
      'their transcoders: folder, org/repo, gemma, llama (default: those of the graph)',
    )
    .option('--count <n>', 'number of features to list', wholeNumber(1), 10)
    .option('--examples <n>', 'number of examples for each', wholeNumber(0), 3);
  addFlags(command, pruneThresholds);
  addCommonOptions(command, { logs: false, json: 'them' }).action(label);
}

/** Parses `3:120=cities in Texas`. */
function name(text: string, previous: [string, string][] = []): [string, string][] {
  const [, key, label] = /^(\d+:\d+)=(.+)$/s.exec(text) ?? [];
  if (key !== undefined && label !== undefined) return [...previous, [key, label]];
  throw new InvalidArgumentError('It must be LAYER:FEATURE=TEXT, such as "3:120=cities in Texas".');
}

async function label(graph: string, flags: LabelFlags): Promise<void> {
  await interruptible(async (signal) => {
    const labels = await mergeLabels(flags);
    const { nodeThreshold, edgeThreshold } = flags;
    const found = await findUnlabelled(graph, labels, { nodeThreshold, edgeThreshold, signal });
    const source = await openSource(found.scan, flags);
    // Write nothing until the graph and the source have been read.
    if (flags.name && flags.labels !== undefined) await writeLabels(flags.labels, labels);
    const listed = found.unlabelled.slice(0, flags.count);
    const known = await readExamples(listed, source, found.scan, signal);
    if (flags.json) printJson(found, listed, known);
    else printPage(found, listed, known, flags);
  });
}

/** The labels of `--labels`, with those of `--name` added. */
async function mergeLabels({ labels: path, name: names = [] }: LabelFlags): Promise<FeatureLabels> {
  if (path === undefined) {
    if (names.length > 0) throw new UsageError('--name requires --labels, the labels.json to write to.');
    return {};
  }
  const known = names.length === 0 || (await fileExists(path)) ? await readLabels(path) : {};
  if (names.length === 0) return known;
  if (!path.endsWith('labels.json'))
    throw new UsageError(`--labels must be a file named labels.json when --name is given; found ${path}.`);
  await checkFile(path);
  return { ...known, ...Object.fromEntries(names) };
}

function writeLabels(path: string, labels: FeatureLabels): Promise<void> {
  return writeFileAtomically(path, `${JSON.stringify({ labels }, null, 2)}\n`);
}

/**
 * The source of examples from the flags, or the transcoders' own. No network request is made unless a flag names a
 * remote source.
 */
async function openSource(scan: string, { features, transcoderSet }: LabelFlags): Promise<FeatureSource | undefined> {
  if (features !== undefined) return openFeatureSource(features);
  if (transcoderSet !== undefined) return openExamples(transcoderSet);
  return isBundledTranscoders(scan) || scan.startsWith('/') ? openFeaturesIn(transcoderFolder(scan)) : undefined;
}

/** The folder of transcoders that the user names: bundled, local, or on the hub. */
async function openExamples(set: string): Promise<FeatureSource | undefined> {
  const folder = isBundledTranscoders(set) ? transcoderFolder(set) : await localPath(set);
  if (folder === undefined) return openFeatureSource(scanOf(requireHubReference(set, 'transcoders')));
  if (await isFolder(folder)) return openFeaturesIn(folder);
  throw new CircuitTracerError('ERR_FILE_NOT_FOUND', `${folder}: expected a folder of transcoders, found none.`);
}

async function openFeaturesIn(transcoders: string): Promise<FeatureSource | undefined> {
  const folder = await findFeatures(transcoders);
  return folder === undefined ? undefined : openFeatureSource(folder);
}

async function readExamples(
  features: readonly Unlabelled[],
  source: FeatureSource | undefined,
  scan: string,
  signal: AbortSignal,
): Promise<(FeatureExamples | undefined)[]> {
  if (source === undefined) return features.map(() => undefined);
  try {
    return await Promise.all(features.map(({ layer, feature }) => source.read({ layer, feature, scan }, { signal })));
  } finally {
    await source.close();
  }
}

type Known = readonly (FeatureExamples | undefined)[];

function printJson({ scan, unlabelled }: LabelledGraph, listed: readonly Unlabelled[], known: Known): void {
  const features = listed.map((feature, i) => ({ ...feature, examples: known[i] ?? null }));
  process.stdout.write(`${JSON.stringify({ scan, unlabelled: unlabelled.length, features }, null, 2)}\n`);
}

function printPage(
  { unlabelled, labels }: LabelledGraph,
  listed: readonly Unlabelled[],
  known: Known,
  { examples }: LabelFlags,
): void {
  const palette = new Palette(process.stdout);
  const lines = listed.flatMap((feature, i) => [...renderFeature(feature, known[i], examples, palette), '']);
  const [missing, labelled] = [unlabelled.length, Object.keys(labels).length];
  const count =
    `${counted(missing, 'feature')} ${missing === 1 ? 'has' : 'have'} no label. ` +
    `${counted(labelled, 'label')} ${labelled === 1 ? 'is' : 'are'} known.`;
  const [first] = listed;
  const hint = first && `To name one: --labels labels.json --name "${labelKey(first)}=what it stands for"`;
  process.stdout.write(`${[...lines, count, ...(hint ? [hint] : [])].join('\n')}\n`);
}
