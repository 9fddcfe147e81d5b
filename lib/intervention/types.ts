/**
 * Positions of a prompt, including special tokens. A negative number counts from the end of the prompt. A range without
 * `stop` is open-ended: it extends to the end and, during generation, over every new token.
 */
export type Position = number | readonly number[] | { readonly start: number; readonly stop?: number | null };

/** The feature and the positions to edit. */
export interface FeatureAt {
  readonly layer: number;
  readonly position: Position;
  /** The index of the feature in its layer's transcoder. */
  readonly feature: number;
}

/** The new activation of a feature: one number for all positions, or one for each. */
export type FeatureIntervention = FeatureAt &
  (
    | { /** The activation itself. */ readonly value: number | readonly number[] }
    | { /** The factor of the feature's own activation. */ readonly scale: number | readonly number[] }
    | { /** The number to add to the feature's own activation. */ readonly add: number | readonly number[] }
  );

/** A vector to add to the model's own value at a hook point. */
export interface VectorIntervention {
  /** A name in `hookNames(model.spec)` whose value is [n, width], such as `blocks.3.hook_resid_post`. */
  readonly hook: string;
  readonly position: Position;
  /** [width] */
  readonly vector: Float32Array | readonly number[];
}

export type Intervention = FeatureIntervention | VectorIntervention;

/** A new token, yielded as soon as it is chosen. */
export interface GeneratedToken {
  readonly tokenId: number;
  /** The text of the token alone. */
  readonly token: string;
  /** The text that the token adds. '' while a character is incomplete. */
  readonly text: string;
  /** [dVocab] the logits that it was chosen from, after the softcap. */
  readonly logits: Float32Array;
}
