import { CircuitTracerError } from '../errors';
import { checkHubOptions, type HubOptions } from '../hub/settings';
import { checkListener, type ProgressListener } from '../progress';
import { checkBoolean, checkInteger, checkOneOf, checkOptions, checkSignal, describe } from '../validate';
import { type Device, isDeviceName } from './device';

export const computeDtypes = ['float32', 'bfloat16', 'float16'] as const;
export type ComputeDtype = (typeof computeDtypes)[number];

export interface LoadOptions {
  /** Where to compute. Default `auto`: the first CUDA device, else Apple's GPU, else the CPU. */
  readonly device?: Device;
  /** What to compute in, whatever the files hold. Default `float32`; the others trade exactness for memory. */
  readonly dtype?: ComputeDtype;
  /** CPU threads for tensor arithmetic. Default: LibTorch's choice, one per physical core. */
  readonly threads?: number;
  /**
   * Leave the model's weights in their files until the first run. Damaged numbers then show as an `ERR_WEIGHT` of that
   * run. Weights stored in another dtype than `dtype`, or for a GPU, are copied at once all the same. Default false.
   */
  readonly lazyWeights?: boolean;
  /** Leave encoders in their files and read them layer by layer. Same results, less memory, slower. Default false. */
  readonly lazyEncoder?: boolean;
  /** Leave decoders in their files and read only the rows of active features. Same results. Default true. */
  readonly lazyDecoder?: boolean;
  /**
   * Which token goes before a prompt when the tokenizer has no beginning-of-sequence token (Qwen): its end-of-sequence
   * token, as TransformerLens does, or its padding token, as nnsight does. Default `eos`.
   */
  readonly qwenPrefix?: 'eos' | 'pad';
  /** Folder of the shared cache for what comes from the hub. Default `HF_HUB_CACHE`, else `hub` in `HF_HOME`. */
  readonly cacheDir?: string;
  /** Use the cache alone, no network. Default `HF_HUB_OFFLINE`. */
  readonly offline?: boolean;
  /** Access token for the hub. Default `HF_TOKEN`, else the saved one. */
  readonly token?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

export interface ResolvedLoadOptions {
  readonly device: Device;
  readonly dtype: ComputeDtype;
  /** 0 = LibTorch's choice. */
  readonly threads: number;
  readonly lazyWeights: boolean;
  readonly lazyEncoder: boolean;
  readonly lazyDecoder: boolean;
  readonly qwenPrefix: 'eos' | 'pad';
  readonly hub: HubOptions;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ProgressListener | undefined;
}

export const loadOptionNames: readonly (keyof LoadOptions)[] = [
  'device',
  'dtype',
  'threads',
  'lazyWeights',
  'lazyEncoder',
  'lazyDecoder',
  'qwenPrefix',
  'cacheDir',
  'offline',
  'token',
  'signal',
  'onProgress',
];

/**
 * @param more names that the caller checks itself.
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value out of range.
 */
export function resolveLoadOptions(options: LoadOptions = {}, more: readonly string[] = []): ResolvedLoadOptions {
  checkOptions(options, [...loadOptionNames, ...more], 'load options');
  return {
    device: checkDevice(options.device ?? 'auto'),
    dtype: checkOneOf(options.dtype ?? 'float32', 'dtype', computeDtypes),
    threads: checkInteger(options.threads ?? 0, 'threads', 0, 4096),
    lazyWeights: checkBoolean(options.lazyWeights ?? false, 'lazyWeights'),
    lazyEncoder: checkBoolean(options.lazyEncoder ?? false, 'lazyEncoder'),
    lazyDecoder: checkBoolean(options.lazyDecoder ?? true, 'lazyDecoder'),
    qwenPrefix: checkOneOf(options.qwenPrefix ?? 'eos', 'qwenPrefix', ['eos', 'pad']),
    hub: checkHubOptions(options),
    signal: checkSignal(options.signal),
    onProgress: checkListener(options.onProgress),
  };
}

function checkDevice(device: unknown): Device {
  if (isDeviceName(device)) return device;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `device must be 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'; found ${describe(device)}.`,
  );
}
