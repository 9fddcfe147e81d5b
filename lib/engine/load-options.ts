import { callOptions } from '../call-options';
import { type HubOptions, hubOptions } from '../hub/settings';
import { boolean, integer, oneOf } from '../kinds';
import { defineOptions, type OptionsOf, omitOptions, partOf, type ResolvedOf, resolveOptions } from '../options';
import { deviceKind } from './device';
import { transcoderSettings } from './settings';

export const computeDtypes = ['float32', 'bfloat16', 'float16'] as const;
export type ComputeDtype = (typeof computeDtypes)[number];

/** A dtype. The command line also accepts its short name. */
export const dtypeKind = oneOf(computeDtypes, { fp32: 'float32', bf16: 'bfloat16', fp16: 'float16' });

const ownWeightOptions = defineOptions({
  /**
   * The dtype to compute in, whatever dtype the files have. `bfloat16` and `float16` trade precision for memory.
   * Default `float32`.
   */
  dtype: {
    kind: dtypeKind,
    default: 'float32',
    flag: '--dtype <type>',
    help: 'dtype to compute in: float32, bfloat16 or float16',
  },
  /**
   * The device to compute on. `auto` selects the first CUDA device, otherwise Apple's GPU, otherwise the CPU. Default
   * `auto`.
   */
  device: {
    kind: deviceKind,
    default: 'auto',
    flag: '--device <device>',
    help: 'device to compute on: auto, cpu, cuda, cuda:N or mps',
  },
});

/** How to hold the weights of a model and its transcoders. */
export const weightOptions: typeof ownWeightOptions & typeof transcoderSettings = {
  ...ownWeightOptions,
  ...transcoderSettings,
};

const ownOptions = defineOptions({
  /**
   * Leave the model's weights in their files until the first run. Damaged numbers then cause an `ERR_WEIGHT` in that
   * run. Weights that are stored in a dtype other than `dtype`, or needed on a GPU, are always copied during loading.
   * Default false.
   */
  lazyWeights: { kind: boolean, default: false },
  /** CPU threads for tensor arithmetic. With 0, LibTorch uses one per physical core. Default 0. */
  threads: {
    kind: integer(0, 4096),
    default: 0,
    flag: '--threads <n>',
    help: 'CPU threads; 0 for one per physical core',
  },
});

export const tokenizerOptions = defineOptions({
  /**
   * The token to add before a prompt when the tokenizer has no beginning-of-sequence token (Qwen): its end-of-sequence
   * token (`eos`), as in TransformerLens, or its padding token (`pad`), as in nnsight. Default `eos`.
   */
  qwenPrefix: {
    kind: {
      ...oneOf(['eos', 'pad'], { transformerlens: 'eos', nnsight: 'pad' }),
      spelling: 'transformerlens or nnsight',
    },
    default: 'eos',
    flag: '--backend <name>',
    help: 'which library to follow for the first token if they differ (Qwen): transformerlens or nnsight',
    shown: 'transformerlens',
  },
});

export const loadOptions: typeof weightOptions &
  typeof ownOptions &
  typeof tokenizerOptions &
  typeof hubOptions &
  typeof callOptions = {
  ...weightOptions,
  ...ownOptions,
  ...tokenizerOptions,
  ...hubOptions,
  ...callOptions,
};

export interface LoadOptions extends OptionsOf<typeof loadOptions> {}

export interface ResolvedLoadOptions extends ResolvedOf<typeof loadOptions> {
  readonly hub: HubOptions;
}

/** The options for transcoders without a model. */
export const transcoderLoadOptions: Pick<
  typeof loadOptions,
  Exclude<keyof typeof loadOptions, 'lazyWeights' | 'qwenPrefix'>
> = omitOptions(loadOptions, 'lazyWeights', 'qwenPrefix');

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value out of range. */
export function resolveLoadOptions(options: LoadOptions = {}): ResolvedLoadOptions {
  const resolved = resolveOptions(loadOptions, options, 'load options');
  return { ...resolved, hub: partOf(hubOptions, resolved) };
}
