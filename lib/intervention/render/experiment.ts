import type { TokenProbability } from '../top-tokens';

/** Features that stand for one idea. */
export interface ExperimentGroup {
  readonly label: string;
  /** Activation as a share of the original: 1 = unchanged, 0 = silent, may be negative; null = not known. */
  readonly share: number | null;
  /** What was done to the group, in few words: `× -2`. None: it was only watched. */
  readonly change?: string;
  /** Switched off: drawn dashed. Default false. */
  readonly ablated?: boolean;
  /** Label of what was put in its place. */
  readonly replacedBy?: string;
  /** Height in the picture: groups of one row stand beside each other, row 0 at the bottom. */
  readonly row: number;
}

export interface ExperimentEdge {
  /** Indices in `groups`. */
  readonly from: number;
  readonly to: number;
  /** Sign and relative strength. Default 1. */
  readonly weight?: number;
}

/** An intervention on a circuit and what came of it. */
export interface Experiment {
  readonly prompt: string;
  readonly groups: readonly ExperimentGroup[];
  readonly edges?: readonly ExperimentEdge[];
  /** The likeliest tokens under the intervention, likeliest first. */
  readonly outputs: readonly TokenProbability[];
}

/** In pixels. */
export const size = { box: 168, boxHeight: 74, gapX: 28, gapY: 58, margin: 20, outputs: 310, font: 13 } as const;
