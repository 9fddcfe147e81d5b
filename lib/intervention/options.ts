import type { NativeIntervention } from '../engine/binding';
import type { ModelSpec } from '../engine/model-spec';
import { CircuitTracerError } from '../errors';
import { checkHookNames } from '../model/hooks';
import { checkListener, type ProgressListener } from '../progress';
import { checkBoolean, checkInteger, checkOptions, checkSignal, describe } from '../validate';
import type { FreezeOptions, InterveneOptions } from './types';

/** {@link FreezeOptions} with the defaults filled in. */
export interface ResolvedFreezeOptions {
  readonly native: Pick<
    NativeIntervention,
    'freezeAttention' | 'constrainedLayers' | 'activations' | 'sparse' | 'hookNames'
  >;
  readonly rawLogits: boolean;
  readonly exactTokens: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ProgressListener | undefined;
}

const names = [
  'freezeAttention',
  'constrainedLayers',
  'applyActivationFunction',
  'sparse',
  'returnActivations',
  'rawLogits',
  'exactTokens',
  'signal',
  'onProgress',
] as const;

/**
 * @param more names of further options, checked by the caller.
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a wrong value.
 */
export function resolveFreezeOptions(
  options: InterveneOptions,
  spec: ModelSpec,
  more: readonly string[] = [],
): ResolvedFreezeOptions {
  checkOptions(options, [...names, ...more]);
  const flag = (name: keyof FreezeOptions, standard: boolean) => checkBoolean(options[name] ?? standard, name);
  const apply = flag('applyActivationFunction', true);
  const wanted = flag('returnActivations', true);
  return {
    native: {
      freezeAttention: flag('freezeAttention', true),
      constrainedLayers: constrainedLayers(options.constrainedLayers, spec.nLayers),
      activations: wanted ? (apply ? 'activations' : 'preActivations') : 'none',
      sparse: flag('sparse', false),
      hookNames: checkHookNames(options.hookNames ?? [], spec),
    },
    rawLogits: flag('rawLogits', false),
    exactTokens: flag('exactTokens', false),
    signal: checkSignal(options.signal),
    onProgress: checkListener(options.onProgress),
  };
}

function constrainedLayers(given: unknown, nLayers: number): number[] {
  if (given === undefined) return [];
  const name = 'constrainedLayers';
  if (Array.isArray(given) && given.length > 0) {
    const layers = given.map((layer, i) => checkInteger(layer, `${name}[${i}]`, 0, nLayers - 1));
    return [...new Set(layers)].sort((a, b) => a - b);
  }
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    checkOptions(given, ['start', 'stop'], name);
    const { start, stop } = given as { start: unknown; stop: unknown };
    const first = checkInteger(start, `${name}.start`, 0, nLayers - 1);
    const end = checkInteger(stop, `${name}.stop (exclusive)`, first + 1, nLayers);
    return Array.from({ length: end - first }, (_, i) => first + i);
  }
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `${name} must be { start, stop } or a list of at least one layer; found ${describe(given)}. ` +
      'Leave it out to let effects propagate.',
  );
}
