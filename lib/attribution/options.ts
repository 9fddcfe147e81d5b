import { type Device, isDeviceName } from '../engine/device';
import { CircuitTracerError } from '../errors';
import { checkListener, type ProgressListener } from '../progress';
import { checkBoolean, checkInteger, checkNumber, checkOneOf, checkOptions, checkSignal, describe } from '../validate';
import type { TargetSpec } from './targets';

export interface AttributeOptions {
  /** What to explain. Default: the likeliest next tokens. */
  readonly targets?: readonly TargetSpec[];
  /** Without `targets`, at most so many of the likeliest next tokens become logit nodes. Default 10. */
  readonly maxNLogits?: number;
  /** Fewer, if they hold this share of probability together, 0 to 1. Default 0.95. */
  readonly desiredLogitProb?: number;
  /**
   * Target rows computed at once, by the CPU's threads together and by each other device. On a GPU more is faster and takes
   * about batchSize * positions * dModel * 10 bytes; on the CPU no more are taken than help. `auto`: as many as fit in half of
   * the memory that is left, 512 at most. Default 512.
   */
  readonly batchSize?: number | 'auto';
  /**
   * Keep at most this many active features, the most influential ones; Infinity keeps all. The edges of F features take about
   * 4 F² bytes: those of all features of a long prompt may be more than a machine holds. Default 7500.
   */
  readonly maxFeatureNodes?: number;
  /** With `maxFeatureNodes`, rank features anew after so many batches, of 512 with `auto`. Default 4. */
  readonly updateInterval?: number;
  /**
   * Compute rows on these devices side by side, each with a copy of the prompt's linear model (not of the weights): `cuda:0`,
   * `cuda:1`. The graph is the same. Default: the model's own device.
   */
  readonly devices?: readonly Device[];
  /** Move weights no longer needed off the device while rows are computed: to main memory or to temporary files. */
  readonly offload?: 'cpu' | 'disk';
  /** The tokens are taken as they are: no special token is put in front. Default false. */
  readonly exactTokens?: boolean;
  /** Log each phase at level info. Default false. */
  readonly verbose?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

/** What the graph depends on, as it is kept with it. */
export type AttributionSettings = Required<
  Pick<AttributeOptions, 'maxNLogits' | 'desiredLogitProb' | 'batchSize' | 'maxFeatureNodes' | 'updateInterval'>
>;

/** All of {@link AttributeOptions} with the defaults filled in. */
export interface ResolvedAttributeOptions {
  readonly settings: AttributionSettings;
  /** Whether they are there is checked when they are used. Empty: the model's own. */
  readonly devices: readonly Device[];
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
  maxFeatureNodes: 7500,
  updateInterval: 4,
} as const;

const names: readonly (keyof AttributeOptions)[] = [
  'targets',
  'maxNLogits',
  'desiredLogitProb',
  'batchSize',
  'maxFeatureNodes',
  'updateInterval',
  'devices',
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
  const { batchSize, maxFeatureNodes } = given;
  return {
    settings: {
      maxNLogits: checkInteger(given.maxNLogits, 'maxNLogits', 1, largest),
      desiredLogitProb: checkNumber(given.desiredLogitProb, 'desiredLogitProb', 0, 1),
      batchSize: batchSize === 'auto' ? batchSize : checkInteger(batchSize, 'batchSize', 1, largest),
      maxFeatureNodes:
        maxFeatureNodes === Infinity ? Infinity : checkInteger(maxFeatureNodes, 'maxFeatureNodes', 1, largest),
      updateInterval: checkInteger(given.updateInterval, 'updateInterval', 1, largest),
    },
    devices: checkDevices(given.devices ?? []),
    targets: options.targets,
    offload: given.offload === undefined ? undefined : checkOneOf(given.offload, 'offload', ['cpu', 'disk'] as const),
    exactTokens: checkBoolean(given.exactTokens ?? false, 'exactTokens'),
    verbose: checkBoolean(given.verbose ?? false, 'verbose'),
    signal: checkSignal(given.signal),
    onProgress: checkListener(given.onProgress),
  };
}

function checkDevices(devices: unknown): readonly Device[] {
  if (Array.isArray(devices) && devices.every(isDeviceName)) return devices;
  const found = Array.isArray(devices) ? devices.map(describe).join(', ') : describe(devices);
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `devices must be an array of 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'; found ${found}.`,
  );
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
