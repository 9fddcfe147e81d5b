/**
 * How far apart numbers may be that should be the same. Every bound of the tests follows from arithmetic that holds on any
 * processor with any number of threads, and stands here with its reason.
 *
 * Float32 rounds each operation to within half an `epsilon` of its result. What differs between processors, thread counts and
 * batch sizes is the order in which a sum is taken and whether a product is rounded before it is added. A sum of n products
 * then moves by about √n · epsilon / 2 of its largest terms: one standard deviation of n independent roundings.
 *
 * JavaScript's numbers need no such bound: they are the same everywhere. Where tests compare those, 1e-12 stands for equality.
 */
export type Tolerance = { readonly relativeToMax: number } | { readonly absolute: number };

/** The step from 1 to the next float32. */
export const epsilon = 2 ** -23;

/**
 * Logits, activations, feature tensors and edges of two runs of one prompt, as a share of the tensor's largest magnitude.
 *
 * The tests' models are up to 64 wide and 4 layers deep, with about six products in a row per layer: 24 sums of 64 terms, and
 * as many in the other run, give √48 · √64 · epsilon / 2 = 3.3e-6. This is three of those standard deviations.
 */
export const parity = { relativeToMax: 1e-5 };

/**
 * The difference of two rows that were computed apart, next to the row of the difference: each of the two is off by as much as
 * {@link parity}.
 */
export const twoRuns = { relativeToMax: 2e-5 };

/**
 * Edges of runs that differ in nothing but the order of sums: other batch sizes, other ways to store the same weights. The
 * forward pass is the same, so that a row is a chain of fewer products, each over at most 64 terms: √4 · √64 · epsilon / 2.
 */
export const otherOrder: Tolerance = { relativeToMax: 1e-6 };

/**
 * A probability: the softmax's derivative is dp = p · (1 - p) · (dz - the mean of the other logits' dz), so that p moves by at
 * most 2 · p · (1 - p) times the error of a logit.
 *
 * A logit is known to 1e-6 of the largest: the last product's 64 terms give √64 · epsilon / 2 = 4.8e-7, and the residual stream
 * that it multiplies brings as much again. With a logit of 10 and p = 1/2, p is known to 5e-6.
 */
export function probability(p: number, largestLogit: number): Tolerance {
  return { absolute: 2 * p * (1 - p) * 1e-6 * largestLogit + epsilon };
}

/**
 * Replacement and completeness scores, influence as a share, and their cumulative sums: sums of up to some thousand
 * non-negative float32 numbers that add up to at most 1, taken once per layer. √(4 · 2000) · epsilon / 2 = 5.3e-6.
 */
export const share: Tolerance = { absolute: 1e-5 };

/**
 * The influence or score at which pruning cuts, relative to itself: it is one of the numbers that are ranked, each known to
 * {@link share} of the whole, and the smallest cuts of the tests are a tenth of it.
 */
export const cut: Tolerance = { relativeToMax: 1e-4 };

/** A number that is only stored as float32: rounded once. */
export const rounded: Tolerance = { relativeToMax: epsilon / 2 };

/**
 * Logits in a narrow dtype, next to those in float32. Weights and every product of a layer are rounded to its bits: some 48
 * roundings in a model of 4 layers, each by a quarter of the step on average, give √48 / 4 of a step, and as it is the largest of
 * thousands of numbers that counts, four times as much: 7 steps, 0.055 and 0.007 of the largest. These are 12.
 */
export const narrow = { bfloat16: { relativeToMax: 12 * 2 ** -7 }, float16: { relativeToMax: 12 * 2 ** -10 } } as const;

/**
 * Digits for `toBeCloseTo`, which allows half a unit of the last one. Float32: up to eight operations on numbers no larger than 1,
 * 8 · epsilon / 2 = 4.8e-7. A probability: {@link probability} with logits up to 10. JavaScript's own numbers: equality.
 */
export const digits = { float32: 6, probability: 5, float64: 12 } as const;
