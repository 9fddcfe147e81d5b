import { boolean, integer, integerOrAll, integerOrAuto, number } from '../kinds';
import { defineOptions, partOf, type ResolvedOf } from '../options';

// What native reads by name from the objects it is given. Elsewhere the options have the spelling of the tables.

const largest = 2 ** 31 - 1;

/** What a graph depends on, as it is kept with it. */
export const attributionSettings = defineOptions({
  /** Without `targets`, at most so many of the likeliest next tokens become logit nodes. Default 10. */
  maxNLogits: {
    kind: integer(1, largest),
    default: 10,
    flag: '--max-n-logits <n>',
    help: 'most output tokens to explain',
  },
  /** Fewer, if they hold this share of probability together, 0 to 1. Default 0.95. */
  desiredLogitProb: {
    kind: number(0, 1),
    default: 0.95,
    flag: '--desired-logit-prob <share>',
    help: 'or fewer, with this probability together',
  },
  /**
   * Target rows computed at once, by the CPU's threads together and by each other device. On a GPU more is faster and takes
   * about `batchSize * positions * dModel * 10` bytes; on the CPU no more are taken than help. `auto`: as many as fit in half of
   * the memory that is left, 512 at most. Default 512.
   */
  batchSize: {
    kind: integerOrAuto(1, largest),
    default: 512,
    flag: '--batch-size <n>',
    help: 'rows computed at once, or auto: as many as fit',
    flagDefault: { value: 256, why: 'as the command of the Python library takes' },
  },
  /**
   * Keep at most this many active features, the most influential ones; Infinity keeps all. The edges of F features take about
   * 4 F² bytes: those of all features of a long prompt may be more than a machine holds. Default 7500.
   */
  maxFeatureNodes: {
    kind: integerOrAll(1, largest),
    default: 7500,
    flag: '--max-feature-nodes <n>',
    help: 'most features to keep, or all',
  },
  /** With `maxFeatureNodes`, rank features anew after so many batches, of 512 with `auto`. Default 4. */
  updateInterval: {
    kind: integer(1, largest),
    default: 4,
    flag: '--update-interval <n>',
    help: 'batches between rankings of features',
  },
});

export type AttributionSettings = ResolvedOf<typeof attributionSettings>;

/** The same as native takes them: numbers all, 0 for `auto`, Infinity for all. It counts rows, not batches. */
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

/** The same as JSON can hold them: null for `auto` and for all. */
export function storedSettings(settings: AttributionSettings): Record<string, number | null> {
  const entries = Object.entries(partOf(attributionSettings, settings));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'number' && Number.isFinite(value) ? value : null]),
  );
}

/** Of a pass with edits. */
export const passSettings = defineOptions({
  /** Attention patterns are those of a clean run of the same tokens. Default true. */
  freezeAttention: {
    kind: boolean,
    default: true,
    flag: '--no-freeze-attention',
    help: 'let attention patterns change',
  },
  /** Return only the non-zero activations, by index. Default false. */
  sparse: { kind: boolean, default: false },
});

export type PassSettings = ResolvedOf<typeof passSettings>;

/** Which of the numbers that encoders give. */
export const activationSettings = defineOptions({
  /** False: activations returned are pre-activations. Default true. */
  applyActivationFunction: { kind: boolean, default: true },
});
