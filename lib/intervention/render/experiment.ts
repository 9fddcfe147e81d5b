import type { TokenProbability } from '../top-tokens';

/** Features that represent one idea. */
export interface ExperimentGroup {
  readonly label: string;
  /** The activation as a share of the original: 1 for unchanged, 0 for inactive. May be negative. Null if unknown. */
  readonly share: number | null;
  /** A short description of the edit, such as `× -2`. Omit it for a group that was not edited. */
  readonly change?: string;
  /** Whether the group was switched off. It is then drawn with dashed lines. Default false. */
  readonly ablated?: boolean;
  /** The label of the replacement. */
  readonly replacedBy?: string;
  /** The row in the picture. Groups of one row are side by side. Row 0 is at the bottom. */
  readonly row: number;
}

export interface ExperimentEdge {
  /** Indices in `groups`. */
  readonly from: number;
  readonly to: number;
  /** The sign and relative strength. Default 1. */
  readonly weight?: number;
}

/** An intervention on a circuit and its outcome. */
export interface Experiment {
  readonly prompt: string;
  readonly groups: readonly ExperimentGroup[];
  readonly edges?: readonly ExperimentEdge[];
  /** The likeliest tokens under the intervention, likeliest first. */
  readonly outputs: readonly TokenProbability[];
}

/** In pixels. */
export const size = { box: 168, boxHeight: 74, gapX: 28, gapY: 58, margin: 20, outputs: 310, font: 13 } as const;
