import { boolean, type Kind } from './kinds';
import { defineOptions, type OptionsOf, type ResolvedOf, resolveOptions } from './options';
import { checkListener, type ProgressListener } from './progress';
import { checkNotAborted, checkOptions, checkSignal } from './validate';

const signal: Kind<AbortSignal> = {
  check: (value, name) => checkSignal(value, name) as AbortSignal,
  read: (text) => text,
};
const listener: Kind<ProgressListener> = {
  check: (value) => checkListener(value) as ProgressListener,
  read: (text) => text,
};

export const callOptions = defineOptions({
  /** Cancels the work; the promise rejects with code `ABORT_ERR`. */
  signal: { kind: signal },
  /** Called with the progress of the work. */
  onProgress: { kind: listener },
});

/** The options of calls that run a prompt. */
export const promptOptions = defineOptions({
  /** Use the tokens as they are, without adding a special token at the start. Default false. */
  exactTokens: { kind: boolean, default: false },
});

/** The options of every call that can take long. */
export interface CallOptions extends OptionsOf<typeof callOptions> {}

export type ResolvedCallOptions = ResolvedOf<typeof callOptions>;

export const callOptionNames = Object.keys(callOptions) as readonly (keyof typeof callOptions)[];

/**
 * @param otherNames names that the caller checks itself
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a wrong value; `ABORT_ERR` when the signal
 * has already fired.
 */
export function resolveCallOptions(options: CallOptions = {}, otherNames: readonly string[] = []): ResolvedCallOptions {
  checkOptions(options, [...otherNames, ...callOptionNames]);
  const resolved = resolveOptions(callOptions, { signal: options.signal, onProgress: options.onProgress });
  checkNotAborted(resolved.signal);
  return resolved;
}
