import { callOptions, promptOptions } from '../call-options';
import type { NativeIntervention } from '../engine/binding';
import type { ModelSpec } from '../engine/model-spec';
import { activationSettings, passSettings } from '../engine/settings';
import { boolean, integer, integerOrAll, type Kind, later, number, positiveShare, seed } from '../kinds';
import { checkHookNames } from '../model/hooks';
import type { Tokenizer } from '../model/tokenizer';
import { defineOptions, type OptionsOf, partOf, type ResolvedOf, resolveOptions } from '../options';
import { argumentError, checkInteger, checkOptions, describe, invalid } from '../validate';
import type { Intervention } from './types';

export type LayerChoice = { readonly start: number; readonly stop?: number | undefined } | readonly number[];

/** Constrained layers. They are checked against the model later. */
const layersKind: Kind<LayerChoice> = {
  check: (value, name) => {
    if (Array.isArray(value) ? value.length > 0 : typeof value === 'object' && value !== null) {
      return value as LayerChoice;
    }
    throw argumentError(
      `${name} must be { start, stop } or a list of at least one layer; found ${describe(value)}. ` +
        'Omit it to let effects propagate.',
    );
  },
  read: (text) => {
    if (text === 'all') return { start: 0 };
    const [, start, stop] = /^(\d{1,6})\.\.(\d{1,6})?$/.exec(text) ?? [];
    if (start === undefined) return text;
    return { start: Number(start), ...(stop !== undefined && { stop: Number(stop) }) };
  },
  spelling: 'a range of layers, such as 2..5 (2 to 4) or 2.., or all',
};

/** The options of both `intervene` and `generate`. */
const ownFreezeOptions = defineOptions({
  /**
   * In these layers, the feature outputs are also those of the clean run, except for the edits and their effect on a
   * skip connection. Edits write to no other layers. If all layers are listed, norm scales are also those of the clean
   * run, which leaves only direct effects. `stop` is exclusive. Without it, the range extends to the last layer.
   * Default: none, so that effects propagate.
   */
  constrainedLayers: {
    kind: layersKind,
    flag: '--constrained-layers <a..b>',
    help: 'freeze the MLP outputs of these layers: 2..5 (2 to 4), 2.., or all for direct effects only',
  },
  /** Set to false to omit feature activations from the result. Default true. */
  returnActivations: { kind: boolean, default: true },
  /** Return the logits before the softcap in addition. Default false. */
  rawLogits: { kind: boolean, default: false },
});

export const freezeOptions: typeof passSettings &
  typeof ownFreezeOptions &
  typeof activationSettings &
  typeof promptOptions &
  typeof callOptions = {
  ...passSettings,
  ...ownFreezeOptions,
  ...activationSettings,
  ...promptOptions,
  ...callOptions,
};

export interface FreezeOptions extends OptionsOf<typeof freezeOptions> {}

const ownInterveneOptions = defineOptions({
  /** The hook points of the edited run to return in `cache`. Default: none. */
  hookNames: { kind: later<readonly string[]>(), default: [] },
});

export const interveneOptions: typeof freezeOptions & typeof ownInterveneOptions = {
  ...freezeOptions,
  ...ownInterveneOptions,
};

export interface InterveneOptions extends OptionsOf<typeof interveneOptions> {}

export const samplingOptions = defineOptions({
  /** With 0, always choose the likeliest token. Default 0. */
  temperature: {
    kind: number(0),
    default: 0,
    flag: '--temperature <t>',
    help: 'sampling temperature; 0 always chooses the likeliest token',
  },
  /** Sample from this number of likeliest tokens. Infinity samples from all. Default Infinity. */
  topK: {
    kind: integerOrAll(1),
    default: Infinity,
    flag: '--top-k <n>',
    help: 'number of likeliest tokens to sample from, or all',
    shown: 'all',
  },
  /** Sample from the fewest tokens whose probabilities reach this sum, greater than 0 and at most 1. Default 1. */
  topP: {
    kind: positiveShare,
    default: 1,
    flag: '--top-p <share>',
    help: 'sample from the fewest tokens whose probabilities reach this sum',
  },
  /** Subtract this from the logit of a token for each time it was generated. Default 0. */
  frequencyPenalty: {
    kind: number(),
    default: 0,
    flag: '--frequency-penalty <x>',
    help: "subtracted from a token's logit for each time it was generated",
  },
  /** The seed of sampling. The same seed gives the same tokens. Default 0. */
  seed: { kind: seed, default: 0, flag: '--seed <n>', help: 'random seed; the same seed gives the same text' },
});

export interface SamplingOptions extends OptionsOf<typeof samplingOptions> {}

export type ResolvedSamplingOptions = ResolvedOf<typeof samplingOptions>;

const ownGenerateOptions = defineOptions({
  /**
   * The edits of the run. Those with an open-ended range apply to every new token, the others only to the prompt.
   * Default: none.
   */
  interventions: { kind: later<readonly Intervention[]>(), default: [] },
  /** The maximum number of new tokens. Default 10. */
  maxNewTokens: { kind: integer(1), default: 10, flag: '--max-new-tokens <n>', help: 'maximum number of new tokens' },
  /** Token ids that end generation. Default: the tokenizer's end-of-sequence token, if it has one. */
  stopIds: { kind: later<readonly number[]>() },
  /**
   * Keep the keys and values of earlier positions. Set to false to run all tokens again for each new one. Default true.
   */
  kvCache: { kind: boolean, default: true, flag: '--no-kv-cache', help: 'run all tokens again for each new one' },
});

export const generateOptions: typeof ownGenerateOptions & typeof samplingOptions & typeof freezeOptions = {
  ...ownGenerateOptions,
  ...samplingOptions,
  ...freezeOptions,
};

export interface GenerateOptions extends OptionsOf<typeof generateOptions> {}

/** {@link FreezeOptions} with the defaults filled in, in the form for native code. */
export interface ResolvedFreezeOptions
  extends Pick<ResolvedOf<typeof freezeOptions>, 'rawLogits' | 'exactTokens' | 'signal' | 'onProgress'> {
  readonly native: Pick<
    NativeIntervention,
    keyof typeof passSettings | 'constrainedLayers' | 'activations' | 'hookNames'
  >;
}

export interface ResolvedGenerateOptions
  extends ResolvedFreezeOptions,
    Pick<ResolvedOf<typeof generateOptions>, 'maxNewTokens' | 'kvCache'> {
  readonly sampling: ResolvedSamplingOptions;
  readonly stopIds: ReadonlySet<number>;
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a wrong value. */
export function resolveInterveneOptions(options: InterveneOptions, spec: ModelSpec): ResolvedFreezeOptions {
  const resolved = resolveOptions(interveneOptions, options);
  return frozen(resolved, spec, checkHookNames(resolved.hookNames, spec));
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a wrong value. */
export function resolveGenerateOptions(
  options: GenerateOptions,
  spec: ModelSpec,
  tokenizer: Pick<Tokenizer, 'stopIds'> | undefined,
): ResolvedGenerateOptions {
  const resolved = resolveOptions(generateOptions, options);
  const { maxNewTokens, kvCache, stopIds } = resolved;
  return {
    ...frozen(resolved, spec, []),
    maxNewTokens,
    kvCache,
    sampling: partOf(samplingOptions, resolved),
    stopIds: stopIds ? checkStopIds(stopIds, spec.dVocab) : new Set(tokenizer?.stopIds),
  };
}

function frozen(
  options: ResolvedOf<typeof freezeOptions>,
  spec: ModelSpec,
  hookNames: readonly string[],
): ResolvedFreezeOptions {
  const { applyActivationFunction, returnActivations, rawLogits, exactTokens, signal, onProgress } = options;
  const wanted = applyActivationFunction ? 'activations' : 'preActivations';
  return {
    native: {
      ...partOf(passSettings, options),
      constrainedLayers: listLayers(options.constrainedLayers, spec.nLayers),
      activations: returnActivations ? wanted : 'none',
      hookNames,
    },
    rawLogits,
    exactTokens,
    signal,
    onProgress,
  };
}

function listLayers(choice: LayerChoice | undefined, nLayers: number): number[] {
  if (choice === undefined) return [];
  const name = 'constrainedLayers';
  if (isList(choice)) {
    const layers = choice.map((layer, i) => checkInteger(layer, `${name}[${i}]`, 0, nLayers - 1));
    return [...new Set(layers)].sort((a, b) => a - b);
  }
  checkOptions(choice, ['start', 'stop'], name);
  const start = checkInteger(choice.start, `${name}.start`, 0, nLayers - 1);
  const stop = checkInteger(choice.stop ?? nLayers, `${name}.stop (exclusive)`, start + 1, nLayers);
  return Array.from({ length: stop - start }, (_, i) => start + i);
}

function isList(choice: LayerChoice): choice is readonly number[] {
  return Array.isArray(choice);
}

function checkStopIds(ids: unknown, dVocab: number): Set<number> {
  if (!Array.isArray(ids)) throw invalid('stopIds', 'a list of ids', ids);
  return new Set(ids.map((id, i) => checkInteger(id, `stopIds[${i}]`, 0, dVocab - 1)));
}
