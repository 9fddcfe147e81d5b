import { CircuitTracerError, type ErrorCode } from './errors';

/** An error about an invalid argument, which names the expected and the found value. */
export function invalid(
  name: string,
  expected: string,
  found: unknown,
  code: ErrorCode = 'ERR_INVALID_ARGUMENT',
): CircuitTracerError {
  return new CircuitTracerError(code, `${name} must be ${expected}; found ${describe(found)}.`);
}

/** An error about an invalid argument, with a message of its own. */
export function argumentError(message: string, options?: ErrorOptions): CircuitTracerError {
  return new CircuitTracerError('ERR_INVALID_ARGUMENT', message, options);
}

/** A value for an error message: short, on one line, and with its type if that is not obvious. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `the bigint ${value}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `a ${Object.prototype.toString.call(value).slice(8, -1)}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `value` is a whole number from `min` to `max`. */
export function checkInteger(value: unknown, name: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, integersBetween(min, max), value);
}

/** Describe a range of whole numbers. */
export function integersBetween(min: number, max = Number.MAX_SAFE_INTEGER): string {
  return `a whole number ${max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`}`;
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `value` is a finite number from `min` to `max`. */
export function checkNumber(value: unknown, name: string, min = -Infinity, max = Infinity): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
  if (min === -Infinity && max === Infinity) throw invalid(name, 'a finite number', value);
  if (max === Infinity) throw invalid(name, `a finite number of ${min} or more`, value);
  throw invalid(name, `a number from ${min} to ${max}`, value);
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `value` is one of `allowed`. */
export function checkOneOf<T extends string>(value: unknown, name: string, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  const near = typeof value === 'string' ? nearest(value, allowed) : undefined;
  const hint = near ? ` Did you mean '${near}'?` : '';
  const list = allowed.map((item) => `'${item}'`).join(', ');
  throw argumentError(`${name} must be one of ${list}; found ${describe(value)}.${hint}`);
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `value` is true or false. */
export function checkBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(name, 'true or false', value);
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `value` is a string of at least one character. */
export function checkText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(name, 'a string of at least one character', value);
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `value` is undefined or a function. */
export function checkCallback<T>(value: T, name: string): T {
  if (value === undefined || typeof value === 'function') return value;
  throw invalid(name, 'a function', value);
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `value` is undefined or an AbortSignal. */
export function checkSignal(value: unknown, name = 'signal'): AbortSignal | undefined {
  // Not instanceof: test runners and other realms have their own AbortSignal.
  const signal = value as AbortSignal | undefined;
  if (signal === undefined) return undefined;
  if (typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function') return signal;
  throw invalid(name, 'an AbortSignal', value);
}

/**
 * Reject unknown options, so that a misspelled one does not silently leave the default.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` when `options` is not an object or has a name not in `known`.
 */
export function checkOptions(options: unknown, known: readonly string[], name = 'options'): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(name, 'an object', options);
  }
  for (const key of Object.keys(options as object)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw argumentError(
      `${name} has no '${key}'. ${near ? `Did you mean '${near}'?` : `Known names: ${known.join(', ')}.`}`,
    );
  }
}

/** @throws CircuitTracerError `ABORT_ERR` when the signal has fired. */
export function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/**
 * Wait for a promise until the signal fires. The work behind the promise continues.
 *
 * @throws CircuitTracerError `ABORT_ERR`
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(abortError(signal));
  });
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The error of every cancelled call. The signal's own reason is its `cause`. */
export function abortError(signal?: AbortSignal): CircuitTracerError {
  return new CircuitTracerError('ABORT_ERR', 'The operation was aborted.', { cause: signal?.reason });
}

/** The known name that a misspelling most likely stands for. At most a third of its letters may differ. */
export function nearest<T extends string>(name: string, known: readonly T[]): T | undefined {
  const plain = name.toLowerCase();
  let best: T | undefined;
  let limit = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(plain, candidate.toLowerCase());
    if (distance < limit) [best, limit] = [candidate, distance];
  }
  return best;
}

/** The optimal string alignment distance, which counts changed, added, dropped and transposed letters. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(before, j - 2) + 1 : Infinity;
      next.push(Math.min(changed, swapped, at(row, j) + 1, at(next, j - 1) + 1));
    }
    [before, row] = [row, next];
  }
  return at(row, b.length);
}

const at = (row: readonly number[], index: number) => row[index] ?? Infinity;

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `value` holds `width` finite numbers. */
export function checkVector(value: unknown, name: string, width: number): Float32Array {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  const found = isList ? `${(value as unknown as number[]).length} numbers` : describe(value);
  if (!isList || (value as unknown as number[]).length !== width) {
    throw argumentError(`${name} must hold ${width} numbers; found ${found}.`);
  }
  return Float32Array.from(value as ArrayLike<number>, (number, i) => checkFloat(number, `${name}[${i}]`));
}

const maxFloat32 = 2 ** 128 - 2 ** 104;

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a number that float32 cannot represent. */
export function checkFloat(value: unknown, name: string): number {
  if (typeof value === 'number' && Math.abs(value) <= maxFloat32) return value;
  throw invalid(name, 'a finite number with a magnitude of at most 3.4e38', value);
}
