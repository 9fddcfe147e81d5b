import { type CallOptions, callOptionNames } from '../call-options';
import { checkListener } from '../progress';
import { checkBoolean, checkOptions, checkSignal } from '../validate';

export interface RunOptions extends CallOptions {
  /** The tokens are taken as they are: no special token is put in front. Default false. */
  readonly exactTokens?: boolean;
}

export interface ActivationOptions extends RunOptions {
  /** Only the non-zero activations, by index. Default false. */
  readonly sparse?: boolean;
  /** False: pre-activations. Default true. */
  readonly applyActivationFunction?: boolean;
}

/** @param more names that the caller checks itself. */
export function resolveRunOptions(options: RunOptions = {}, more: readonly string[] = []) {
  checkOptions(options, ['exactTokens', ...callOptionNames, ...more]);
  return {
    exactTokens: checkBoolean(options.exactTokens ?? false, 'exactTokens'),
    signal: checkSignal(options.signal),
    onProgress: checkListener(options.onProgress),
  };
}
