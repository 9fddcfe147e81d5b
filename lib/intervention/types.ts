import type { ProgressListener } from '../progress';

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

/** Options of `intervene` and `generate` alike. */
export interface FreezeOptions {
  /** Attention patterns are those of a clean run of the same tokens. Default true. */
  readonly freezeAttention?: boolean;
  /**
   * In these layers the feature outputs, too, are those of the clean run but for the edits (and what they change in a
   * skip connection), and edits write to no others; norm scales are clean when all layers are listed: direct effects.
   * `stop` is exclusive. Default none: effects propagate.
   */
  readonly constrainedLayers?: { readonly start: number; readonly stop: number } | readonly number[];
  /** False: activations returned are pre-activations. Default true. */
  readonly applyActivationFunction?: boolean;
  /** Return only the non-zero activations, by index. Default false. */
  readonly sparse?: boolean;
  /** Default true. */
  readonly returnActivations?: boolean;
  /** Return the logits before the softcap as well. Default false. */
  readonly rawLogits?: boolean;
  /** The tokens are taken as they are: no special token is put in front. Default false. */
  readonly exactTokens?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

export interface InterveneOptions extends FreezeOptions {
  /** Hook points of the edited run to return in `cache`. Default none. */
  readonly hookNames?: readonly string[];
}

export interface SamplingOptions {
  /** 0 takes the likeliest token each time. Default 0. */
  readonly temperature?: number;
  /** Sample from the k likeliest tokens. Default: all. */
  readonly topK?: number;
  /** Sample from the fewest tokens that reach this probability together, over 0 to 1. Default 1: all. */
  readonly topP?: number;
  /** Taken off a token's logit for each time it occurs among the generated tokens. Default 0. */
  readonly frequencyPenalty?: number;
  /** The same seed gives the same tokens. Default 0. */
  readonly seed?: number;
}

export interface GenerateOptions extends FreezeOptions, SamplingOptions {
  /** Edits of the run. Those with an open-ended range reach every new token, the others the prompt alone. Default none. */
  readonly interventions?: readonly Intervention[];
  /** Default 10. */
  readonly maxNewTokens?: number;
  /** Generation ends with one of these tokens. Default: the tokenizer's end-of-sequence token; none without one. */
  readonly stopIds?: readonly number[];
  /** Keep keys and values of earlier positions; false runs all tokens again for each new one. Default true. */
  readonly kvCache?: boolean;
}

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
