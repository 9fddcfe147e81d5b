import type { PageSelection, SelectedFeature } from '../intervention/page-selection';
import type { Experiment, ExperimentGroup } from '../intervention/render/experiment';
import type { TokenProbability } from '../intervention/top-tokens';
import type { FeatureIntervention, Intervention } from '../intervention/types';
import type { SparseActivations } from '../model/results';
import type { GivenInterventions } from './intervention-options';

/** Both runs of an experiment. */
export interface ExperimentRuns {
  readonly prompt: string;
  readonly clean: SparseActivations;
  readonly edited: SparseActivations;
  readonly outputs: readonly TokenProbability[];
}

/** The picture of the groups of a page, or without one of the single features that were edited. */
export function experimentOf(
  given: GivenInterventions,
  { prompt, clean, edited, outputs }: ExperimentRuns,
): Experiment {
  const shareOf = activationShares(clean, edited);
  const groups = given.selection
    ? pageGroups(given.selection, given.factors, shareOf)
    : given.interventions.map((entry) => editedGroup(entry));
  return { prompt, groups, outputs };
}

type Shares = (features: readonly SelectedFeature[]) => number | null;

function pageGroups(
  { groups, pinned }: PageSelection,
  factors: ReadonlyMap<string, number>,
  shareOf: Shares,
): ExperimentGroup[] {
  const loose = pinned.map((feature) => ({
    label: `${feature.layer}_${feature.feature}_${feature.position}`,
    features: [feature],
  }));
  return [...groups, ...loose]
    .filter(({ features }) => features.length > 0)
    .map(({ label, features }) => {
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

/** An edited feature's encoder reads the same as before: its share is what the edit makes it. */
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

/** Sum of a group's activations after the edit over that before; null where it was silent. */
function activationShares(clean: SparseActivations, edited: SparseActivations): Shares {
  const before = byPlace(clean);
  const after = byPlace(edited);
  return (features) => {
    const sum = (values: ReadonlyMap<string, number>) =>
      features.reduce(
        (total, place) => total + (values.get(keyOf(place.layer, place.position, place.feature)) ?? 0),
        0,
      );
    const original = sum(before);
    return original === 0 ? null : sum(after) / original;
  };
}

function keyOf(layer: number, position: number, feature: number): string {
  return `${layer}_${position}_${feature}`;
}

function byPlace({ indices, values }: SparseActivations): Map<string, number> {
  const places = new Map<string, number>();
  for (const [i, value] of values.entries()) {
    places.set(keyOf(indices[3 * i] as number, indices[3 * i + 1] as number, indices[3 * i + 2] as number), value);
  }
  return places;
}

/** Three significant digits and no zeros behind them. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
