import { parity, probability, type Tolerance } from './bounds';

export { parity, type Tolerance } from './bounds';

type Numbers = ArrayLike<number>;

export function maxMagnitude(values: Numbers): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, Math.abs(values[i] as number));
  return max;
}

/** max |found - expected| / max |expected|; NaN when either holds one. */
export function maxRelativeToMax(found: Numbers, expected: Numbers): number {
  let max = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((found[i] as number) - (expected[i] as number));
    if (!(difference <= max)) max = difference;
    if (Number.isNaN(max)) return max;
  }
  return max === 0 ? 0 : max / maxMagnitude(expected);
}

/**
 * Fails unless all numbers are within `tolerance`, naming the first one that isn't and the worst.
 *
 * @param shape of both, to print places as indices; [length] by default
 */
export function expectClose(
  name: string,
  found: Numbers,
  expected: Numbers,
  tolerance: Tolerance = parity,
  shape: readonly number[] = [expected.length],
): void {
  if (found.length !== expected.length)
    throw new Error(`${name}: expected ${expected.length} numbers, found ${found.length}`);
  const allowed = 'absolute' in tolerance ? tolerance.absolute : tolerance.relativeToMax * maxMagnitude(expected);
  if (!Number.isFinite(allowed)) throw new Error(`${name}: the expected numbers hold NaN or Infinity`);
  const misses: number[] = [];
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = distance(found, expected, i);
    if (difference > distance(found, expected, worst)) worst = i;
    if (!(difference <= allowed)) misses.push(i);
  }
  const first = misses[0];
  if (first === undefined) return;
  const describe = (i: number) => `[${unravel(i, shape)}] found ${found[i]}, expected ${expected[i]}`;
  throw new Error(
    `${name}: ${misses.length} of ${expected.length} numbers differ by more than ${allowed.toExponential(2)}; ` +
      `first at ${describe(first)}; worst at ${describe(worst)} (difference ${distance(found, expected, worst).toExponential(3)})`,
  );
}

/**
 * Fails unless probabilities of a softmax are as close as the logits' rounding lets them be.
 *
 * @param logits that they are of
 */
export function expectProbabilities(name: string, found: Numbers, expected: Numbers, logits: Numbers): void {
  if (found.length !== expected.length)
    throw new Error(`${name}: expected ${expected.length} numbers, found ${found.length}`);
  const largest = maxMagnitude(logits);
  for (let i = 0; i < expected.length; i++) {
    const p = expected[i] as number;
    expectClose(`${name}[${i}]`, [found[i] as number], [p], probability(p, largest));
  }
}

/** Fails unless all integers are the same, naming the first that isn't. */
export function expectSameIntegers(name: string, found: Numbers, expected: Numbers): void {
  const at = Array.from(expected).findIndex((value, i) => value !== found[i]);
  if (at === -1 && found.length === expected.length) return;
  const where = at === -1 ? expected.length : at;
  throw new Error(
    `${name}: expected ${expected.length} integers, found ${found.length}; first difference at [${where}]: ` +
      `found ${found[where]}, expected ${expected[where]}`,
  );
}

/** Fails unless both hold the same float32 numbers to the last bit. */
export function expectBitEqual(name: string, found: Float32Array, expected: Float32Array): void {
  const [foundBits, expectedBits] = [found, expected].map((values) => new Int32Array(values.slice().buffer));
  const different = expectedBits?.findIndex((value, i) => value !== foundBits?.[i]) ?? 0;
  if (different === -1 && found.length === expected.length) return;
  throw new Error(
    `${name}: expected ${expected.length} equal float32 numbers, found ${found.length}; ` +
      `first difference at [${different}]: found ${found[different]}, expected ${expected[different]}`,
  );
}

/** NaN counts as infinitely far from anything. */
function distance(found: Numbers, expected: Numbers, i: number): number {
  const difference = Math.abs((found[i] as number) - (expected[i] as number));
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

function unravel(index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return indices.join(', ');
}
