import { boolean, integer, integerOrAll, integerOrAuto, number } from '../kinds';
import { defineOptions, partOf, type ResolvedOf } from '../options';

// Native code reads these fields by name. Everywhere else, the options have the names of the tables.

const largest = 2 ** 31 - 1;

/** The options that determine a graph. They are stored in it. */
export const attributionSettings = defineOptions({
  /** Without `targets`, the maximum number of likely next tokens that become logit nodes. Default 10. */
  maxNLogits: {
    kind: integer(1, largest),
    default: 10,
    flag: '--max-n-logits <n>',
    help: 'maximum number of output tokens to explain',
  },
  /** Use fewer tokens if their probabilities add up to this share, 0 to 1. Default 0.95. */
  desiredLogitProb: {
    kind: number(0, 1),
    default: 0.95,
    flag: '--desired-logit-prob <share>',
    help: 'explain fewer tokens if their probabilities reach this sum',
  },
  /**
   * The number of rows to compute at once, on all CPU threads together or on each other device. Larger batches are
   * faster on a GPU and take about `batchSize * positions * dModel * 10` bytes. The CPU never uses more rows than help
   * throughput. `auto` uses as many rows as fit in half of the available memory, at most 512. Default 512.
   */
  batchSize: {
    kind: integerOrAuto(1, largest),
    default: 512,
    flag: '--batch-size <n>',
    help: 'rows to compute at once, or auto for as many as fit',
    flagDefault: { value: 256, why: 'as in the Python command' },
  },
  /**
   * The maximum number of active features to keep, by influence. Infinity keeps all. The edges of F features take about
   * 4 F² bytes, so all features of a long prompt may need more memory than the machine has. Default 7500.
   */
  maxFeatureNodes: {
    kind: integerOrAll(1, largest),
    default: 7500,
    flag: '--max-feature-nodes <n>',
    help: 'maximum number of features to keep, or all',
  },
  /**
   * With `maxFeatureNodes`, the number of batches between rankings of features. `auto` counts batches of 512. Default
   * 4.
   */
  updateInterval: {
    kind: integer(1, largest),
    default: 4,
    flag: '--update-interval <n>',
    help: 'batches between rankings of features',
  },
});

export type AttributionSettings = ResolvedOf<typeof attributionSettings>;

/**
 * The settings for native code: only numbers, with 0 for `auto` and Infinity for all. The interval counts rows, not
 * batches.
 */
export type NativeAttributionSettings = {
  readonly [K in Exclude<keyof AttributionSettings, 'updateInterval'>]: number;
} & {
  /** Rows between rankings. */
  readonly rankEvery: number;
};

export function nativeSettings(settings: AttributionSettings): NativeAttributionSettings {
  const { updateInterval, batchSize, ...others } = partOf(attributionSettings, settings);
  const rows = batchSize === 'auto' ? attributionSettings.batchSize.default : batchSize;
  return { ...others, batchSize: batchSize === 'auto' ? 0 : batchSize, rankEvery: updateInterval * rows };
}

/** The settings for JSON: null for `auto` and for all. */
export function storedSettings(settings: AttributionSettings): Record<string, number | null> {
  const entries = Object.entries(partOf(attributionSettings, settings));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'number' && Number.isFinite(value) ? value : null]),
  );
}

/** How transcoders are held in memory. */
export const transcoderSettings = defineOptions({
  /**
   * Leave encoders in their files and read them layer by layer. Same results with less memory, but slower. Default
   * false.
   */
  lazyEncoder: { kind: boolean, default: false, flag: '--lazy-encoder', help: 'read encoders from disk as needed' },
  /** Leave decoders in their files and read only the rows of active features. Same results. Default true. */
  lazyDecoder: {
    kind: boolean,
    default: true,
    flag: '--lazy-decoder',
    help: 'read decoders from disk as needed; on by default',
    helpOff: 'load decoders into memory',
  },
});

/** What native code reads of the options that load transcoders. */
export interface NativeTranscoderOptions extends ResolvedOf<typeof transcoderSettings> {
  readonly dtype: string;
}

/** The options of a pass with edits. */
export const passSettings = defineOptions({
  /** Use the attention patterns of a clean run of the same tokens. Default true. */
  freezeAttention: {
    kind: boolean,
    default: true,
    flag: '--no-freeze-attention',
    help: 'let attention patterns change',
  },
  /** Return only non-zero activations, by index. Default false. */
  sparse: { kind: boolean, default: false },
});

export type PassSettings = ResolvedOf<typeof passSettings>;

/** Which output of the encoders to return. */
export const activationSettings = defineOptions({
  /** Set to false to get pre-activations instead of activations. Default true. */
  applyActivationFunction: { kind: boolean, default: true },
});
