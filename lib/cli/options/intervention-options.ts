import { type Command, InvalidArgumentError } from 'commander';
import { readNamedGraph } from '../../graph-file/read';
import { scaleGroups } from '../../graph-file/selection';
import type { ExperimentEdits } from '../../inspect/experiment';
import { EditPlan } from '../../intervention/edits';
import { freezeOptions } from '../../intervention/options';
import type { FeatureIntervention, Intervention, Position } from '../../intervention/types';
import { readJsonFile } from '../../io/files';
import type { PreparedPrompt } from '../../model/prompt';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { UsageError } from '../runtime/exit';
import { readPageArgument } from './page-argument';
import { addFlags } from './table-flags';

/** The flags for interventions. */
export interface InterventionFlags {
  set?: FeatureIntervention[];
  scale?: FeatureIntervention[];
  add?: FeatureIntervention[];
  interventions?: string;
  page?: string;
  group?: [string, number][];
}

export interface GivenInterventions extends ExperimentEdits {
  /** [interventions.length] the flag that each comes from. */
  readonly flags: readonly string[];
}

type Kind = 'value' | 'scale' | 'add';

export function addInterventionOptions(command: Command): Command {
  const form = 'LAYER:POSITION:FEATURE=NUMBER';
  command
    .option(`--set <${form}>`, 'set the activation of a feature; may be repeated', collect('value'))
    .option(`--scale <${form}>`, 'multiply the activation of a feature; may be repeated', collect('scale'))
    .option(`--add <${form}>`, 'add to the activation of a feature; may be repeated', collect('add'))
    .option('--interventions <file>', 'JSON file with a list of interventions in the form of the library')
    .option('--page <url or file>', "groups from a graph's page: its URL, or a saved graph file")
    .option('--group <label=factor>', 'multiply the activations of a group of the page; may be repeated', groupFactor);
  return addFlags(command, freezeOptions, ['freezeAttention']);
}

function collect(kind: Kind): (text: string, previous?: FeatureIntervention[]) => FeatureIntervention[] {
  return (text, previous = []) => [...previous, parseIntervention(kind, text)];
}

/**
 * `20:-1:1454=0`. POSITION is an index, where negative numbers count from the end; `5..9` (up to 8); `5..`
 * (open-ended); or `1,4,7`. NUMBER may be a list with one number for each position: `2,0.5,1`.
 */
export function parseIntervention(kind: Kind, text: string): FeatureIntervention {
  const [, layer, where, feature, numbers] = /^(\d+):([-\d.,]+):(\d+)=(.+)$/.exec(text.trim()) ?? [];
  const position = where === undefined ? undefined : parsePosition(where);
  const values = numbers?.split(',').map(parseNumber) ?? [];
  if (position === undefined || values.length === 0 || values.some((value) => !Number.isFinite(value))) {
    throw new InvalidArgumentError(
      'It must be LAYER:POSITION:FEATURE=NUMBER, such as 20:-1:1454=0. POSITION may also be 5..9, 5.. or 1,4,7.',
    );
  }
  const amount = values.length === 1 ? (values[0] as number) : values;
  const place = { layer: Number(layer), position, feature: Number(feature) };
  if (kind === 'value') return { ...place, value: amount };
  return kind === 'scale' ? { ...place, scale: amount } : { ...place, add: amount };
}

function parsePosition(text: string): Position | undefined {
  const [, start, stop] = /^(-?\d+)\.\.(-?\d+)?$/.exec(text) ?? [];
  if (start !== undefined) {
    return { start: Number(start), ...(stop === undefined ? {} : { stop: Number(stop) }) };
  }
  const parts = text.split(',');
  if (!parts.every((part) => /^-?\d+$/.test(part))) return undefined;
  return parts.length === 1 ? Number(parts[0]) : parts.map(Number);
}

function parseNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

function groupFactor(text: string, previous: [string, number][] = []): [string, number][] {
  // A label may contain an equals sign. A number cannot.
  const at = text.lastIndexOf('=');
  const factor = parseNumber(text.slice(at + 1));
  if (at > 0 && Number.isFinite(factor)) return [...previous, [text.slice(0, at), factor]];
  throw new InvalidArgumentError('It must be LABEL=FACTOR, such as "Texas=-2".');
}

/**
 * All interventions of the flags, in this order: the file, the page's groups, --set, --scale, --add. Later ones win.
 */
export async function interventionsOf(flags: InterventionFlags): Promise<GivenInterventions> {
  const fromFile = flags.interventions === undefined ? [] : await readJsonFile(flags.interventions);
  if (!Array.isArray(fromFile))
    throw new UsageError(`--interventions must be a JSON list; found another value in ${flags.interventions}.`);
  const { selection, links, labels } = await openPage(flags.page);
  const factors = new Map(flags.group ?? []);
  if (factors.size > 0 && !selection) throw new UsageError('--group requires --page, the page that has the group.');
  const scaled = selection ? scaleGroups(selection, factors) : [];
  const { set = [], scale = [], add = [] } = flags;
  return {
    interventions: [...fromFile, ...scaled, ...set, ...scale, ...add] as Intervention[],
    flags: [
      ...fromFile.map((_, index) => `--interventions ${flags.interventions}, entry ${index}`),
      ...scaled.map(() => `--page ${flags.page}`),
      ...set.map((entry) => `--set ${asGiven(entry)}`),
      ...scale.map((entry) => `--scale ${asGiven(entry)}`),
      ...add.map((entry) => `--add ${asGiven(entry)}`),
    ],
    selection,
    links,
    labels,
    factors,
  };
}

/** Formats `20:-1:1454=0`, which {@link parseIntervention} reads. */
function asGiven(entry: FeatureIntervention): string {
  const { layer, position, feature } = entry;
  const amount = 'value' in entry ? entry.value : 'scale' in entry ? entry.scale : entry.add;
  const place =
    typeof position === 'object' && 'start' in position ? `${position.start}..${position.stop ?? ''}` : position;
  return `${layer}:${place}:${feature}=${amount}`;
}

/** Check that the model has the layers, positions and features. */
export function checkInterventions(
  interventions: readonly Intervention[],
  { tokens }: PreparedPrompt,
  { spec, transcoderSpec: transcoders }: ModelOutline,
  generating: boolean,
): void {
  new EditPlan(interventions, { spec, transcoders, prompt: tokens.length, generating, quiet: true });
}

/** @throws UsageError if there is no intervention. */
export async function requireInterventions(flags: InterventionFlags): Promise<GivenInterventions> {
  const given = await interventionsOf(flags);
  if (given.interventions.length > 0) return given;
  throw new UsageError(
    'At least one intervention is required: --set, --scale, --add, --interventions, or --page with --group.',
  );
}

async function openPage(page: string | undefined): Promise<Pick<GivenInterventions, 'selection' | 'links' | 'labels'>> {
  if (page === undefined) return { selection: undefined, links: [], labels: new Map() };
  const { selection, file = {} } = await readPageArgument(page);
  return { selection, ...readNamedGraph(file) };
}
