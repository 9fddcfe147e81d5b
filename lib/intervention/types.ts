/**
 * Which positions of a prompt, special tokens counted. Negative numbers count from the end of the prompt. A range without
 * `stop` is open-ended: it goes to the end and, when generating, on over every new token.
 */
export type Position = number | readonly number[] | { readonly start: number; readonly stop?: number | null };

/** Where a feature is edited. */
export interface FeatureAt {
  readonly layer: number;
  readonly position: Position;
  /** Number of the feature in its layer's transcoder. */
  readonly feature: number;
}

/** The activation a feature gets. Each is one number for all positions, or one for each position. */
export type FeatureIntervention = FeatureAt &
  (
    | { /** The activation itself. */ readonly value: number | readonly number[] }
    | { /** Times the feature's own activation. */ readonly scale: number | readonly number[] }
    | { /** Added to the feature's own activation. */ readonly add: number | readonly number[] }
  );

/** A vector added to the model's own value at a hook point. */
export interface VectorIntervention {
  /** A name of `hookNames(model.spec)`, one whose value is [n, width]: `blocks.3.hook_resid_post`. */
  readonly hook: string;
  readonly position: Position;
  /** [width] */
  readonly vector: Float32Array | readonly number[];
}

export type Intervention = FeatureIntervention | VectorIntervention;

/** One new token, as soon as it is chosen. */
export interface GeneratedToken {
  readonly tokenId: number;
  /** The token decoded by itself. */
  readonly token: string;
  /** What it adds to the text; '' while a character is incomplete. */
  readonly text: string;
  /** [dVocab] it was chosen from, after the softcap. */
  readonly logits: Float32Array;
}
