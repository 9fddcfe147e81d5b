import type { SparseActivations } from '../engine/arrays';
import { groupEdges, type Link } from '../graph-file/group-edges';
import { featureId } from '../graph-file/node-id';
import type { PageSelection, SelectedFeature, SelectedGroup } from '../graph-file/selection';
import type { Experiment, ExperimentGroup } from '../intervention/render/experiment';
import type { TokenProbability } from '../intervention/top-tokens';
import type { FeatureIntervention, Intervention } from '../intervention/types';

/** The edits of an experiment. */
export interface ExperimentEdits {
  readonly interventions: readonly Intervention[];
  /** The page of the graph. Without it, edges, labels and factors are empty. */
  readonly selection: PageSelection | undefined;
  readonly links: readonly Link<string>[];
  /** The labels of nodes, by id. */
  readonly labels: ReadonlyMap<string, string>;
  /** The factor of each group's activations. */
  readonly factors: ReadonlyMap<string, number>;
}

/** The clean and the edited run of an experiment. */
export interface ExperimentRuns {
  readonly prompt: string;
  readonly clean: SparseActivations;
  readonly edited: SparseActivations;
  readonly outputs: readonly TokenProbability[];
}

/** A picture of the groups on the page. Without a page, each edited feature is shown. */
export function describeExperiment(
  given: ExperimentEdits,
  { prompt, clean, edited, outputs }: ExperimentRuns,
): Experiment {
  if (!given.selection) return { prompt, groups: given.interventions.map((entry) => editedGroup(entry)), outputs };
  const selected = selectedGroups(given.selection);
  const labels = selected.map(({ label }) => given.labels.get(label) ?? label);
  const ids = selected.map(({ features }) => features.map(featureId));
  const edges = groupEdges(given.links, ids).filter(({ weight }) => Math.abs(weight) >= minDrawnShare);
  const groups = pageGroups(selected, given.factors, activationShares(clean, edited));
  return { prompt, groups: groups.map((group, i) => ({ ...group, label: labels[i] as string })), edges, outputs };
}

/** Edges with a smaller share of a group's input are not drawn, as on the page of the reference implementation. */
const minDrawnShare = 0.003;

type Shares = (features: readonly SelectedFeature[]) => number | null;

/** The groups of the page that have features, followed by each pinned feature that is in no group. */
function selectedGroups({ groups, pinned }: PageSelection): SelectedGroup[] {
  const loose = pinned.map((feature) => ({ label: featureId(feature), features: [feature] }));
  return [...groups, ...loose].filter(({ features }) => features.length > 0);
}

function pageGroups(
  groups: readonly SelectedGroup[],
  factors: ReadonlyMap<string, number>,
  shareOf: Shares,
): ExperimentGroup[] {
  return groups.map(({ label, features }) => {
    const factor = factors.get(label);
    const row = Math.round(features.reduce((sum, { layer }) => sum + layer, 0) / features.length);
    if (factor === undefined) return { label, row, share: shareOf(features) };
    return { label, row, share: factor, change: `× ${shortNumber(factor)}`, ablated: factor === 0 };
  });
}

function editedGroup(entry: Intervention): ExperimentGroup {
  if ('hook' in entry) {
    const layer = Number(/\d+/.exec(entry.hook)?.[0] ?? -1);
    return { label: `${entry.hook} @${placeText(entry.position)}`, row: layer, share: null, change: '+ vector' };
  }
  const { layer, feature, position } = entry;
  const label = `L${layer} #${feature} @${placeText(position)}`;
  return { label, row: layer, ...change(entry) };
}

/** The encoder of an edited feature reads the same input as before, so the edit determines its share. */
function change(entry: FeatureIntervention): Pick<ExperimentGroup, 'share' | 'change' | 'ablated'> {
  const text = (amount: number | readonly number[]) =>
    [amount]
      .flat()
      .map((value) => shortNumber(value as number))
      .join(', ');
  if ('scale' in entry) {
    const share = typeof entry.scale === 'number' ? entry.scale : null;
    return { share, change: `× ${text(entry.scale)}`, ablated: share === 0 };
  }
  if ('add' in entry) return { share: null, change: `+ ${text(entry.add)}` };
  return { share: entry.value === 0 ? 0 : null, change: `set to ${text(entry.value)}`, ablated: entry.value === 0 };
}

function placeText(position: Intervention['position']): string {
  if (typeof position === 'number') return String(position);
  return 'start' in position ? `${position.start}..${position.stop ?? ''}` : position.join(',');
}

/** The sum of a group's activations after the edit divided by the sum before. Null if it was inactive. */
function activationShares(clean: SparseActivations, edited: SparseActivations): Shares {
  const before = byFeatureId(clean);
  const after = byFeatureId(edited);
  return (features) => {
    const sum = (values: ReadonlyMap<string, number>) =>
      features.reduce((total, feature) => total + (values.get(featureId(feature)) ?? 0), 0);
    const original = sum(before);
    return original === 0 ? null : sum(after) / original;
  };
}

function byFeatureId({ indices, values }: SparseActivations): Map<string, number> {
  const found = new Map<string, number>();
  for (const [i, value] of values.entries()) {
    const [layer = 0, position = 0, feature = 0] = indices.subarray(3 * i, 3 * i + 3);
    found.set(featureId({ layer, position, feature }), value);
  }
  return found;
}

/** Three significant digits without trailing zeros. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
