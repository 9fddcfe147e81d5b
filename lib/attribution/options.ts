import type { NativeAttributeOptions } from '../binding';
import type { ProgressListener } from '../engine';
import {
  checkBoolean,
  checkCallback,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkSignal,
} from '../validate';
import type { TargetSpec } from './targets';

export interface AttributeOptions {
  /** What to explain. Default: the likeliest next tokens. */
  readonly targets?: readonly TargetSpec[];
  /** Without `targets`, at most so many of the likeliest next tokens become logit nodes. Default 10. */
  readonly maxNLogits?: number;
  /** Fewer, if they hold this share of probability together, 0 to 1. Default 0.95. */
  readonly desiredLogitProb?: number;
  /** Target rows computed at once: more is faster and takes batchSize * positions * dModel * 4 bytes. Default 512. */
  readonly batchSize?: number;
  /** Keep only so many active features, the most influential. Default Infinity: all. */
  readonly maxFeatureNodes?: number;
  /** With `maxFeatureNodes`, rank features anew after so many batches. Default 4. */
  readonly updateInterval?: number;
  /** Move weights no longer needed off the device while rows are computed: to main memory or to temporary files. */
  readonly offload?: 'cpu' | 'disk';
  /** The tokens are taken as they are: no special token is put in front. Default false. */
  readonly exactTokens?: boolean;
  /** Log each phase at level info. Default false. */
  readonly verbose?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

/** All of {@link AttributeOptions} with the defaults filled in. */
export interface ResolvedAttributeOptions {
  readonly native: Omit<NativeAttributeOptions, 'tokens' | 'zeroPositions' | 'offload' | 'targets'>;
  /** Checked against the prompt, not here. */
  readonly targets: readonly TargetSpec[] | undefined;
  readonly offload: 'cpu' | 'disk' | undefined;
  readonly exactTokens: boolean;
  readonly verbose: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ProgressListener | undefined;
}

export const attributeDefaults = {
  maxNLogits: 10,
  desiredLogitProb: 0.95,
  batchSize: 512,
  maxFeatureNodes: Infinity,
  updateInterval: 4,
} as const;

const names: readonly (keyof AttributeOptions)[] = [
  'targets',
  'maxNLogits',
  'desiredLogitProb',
  'batchSize',
  'maxFeatureNodes',
  'updateInterval',
  'offload',
  'exactTokens',
  'verbose',
  'signal',
  'onProgress',
];

const largest = 2 ** 31 - 1;

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value out of range. */
export function resolveAttributeOptions(options: AttributeOptions = {}): ResolvedAttributeOptions {
  checkOptions(options, names, 'attribute options');
  const given = { ...attributeDefaults, ...withoutUndefined(options) };
  const { maxFeatureNodes } = given;
  return {
    native: {
      maxNLogits: checkInteger(given.maxNLogits, 'maxNLogits', 1, largest),
      desiredLogitProb: checkNumber(given.desiredLogitProb, 'desiredLogitProb', 0, 1),
      batchSize: checkInteger(given.batchSize, 'batchSize', 1, largest),
      maxFeatureNodes:
        maxFeatureNodes === Infinity ? Infinity : checkInteger(maxFeatureNodes, 'maxFeatureNodes', 1, largest),
      updateInterval: checkInteger(given.updateInterval, 'updateInterval', 1, largest),
    },
    targets: options.targets,
    offload: given.offload === undefined ? undefined : checkOneOf(given.offload, 'offload', ['cpu', 'disk'] as const),
    exactTokens: checkBoolean(given.exactTokens ?? false, 'exactTokens'),
    verbose: checkBoolean(given.verbose ?? false, 'verbose'),
    signal: checkSignal(given.signal),
    onProgress: checkCallback(given.onProgress, 'onProgress'),
  };
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
