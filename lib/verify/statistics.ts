type Numbers = ArrayLike<number>;

/** The median; 0 for an empty array. The values are not sorted, which would block the event loop. */
export function median(values: Float32Array): number {
  if (values.length === 0) return 0;
  const middle = values.length >> 1;
  const upper = nthSmallest(values, middle);
  return values.length % 2 === 1 ? upper : (upper + nthSmallest(values, middle - 1)) / 2;
}

/** The value at index `n` of the sorted values, found by the upper and then the lower half of its bits. */
function nthSmallest(values: Float32Array, n: number): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const upper = findHalf(n, bits, () => true, 16);
  const lower = findHalf(upper.rest, bits, (ordered) => ordered >>> 16 === upper.half, 0);
  const ordered = ((upper.half << 16) | lower.half) >>> 0;
  const found = Uint32Array.of(ordered >>> 31 ? ordered ^ 0x80000000 : ~ordered);
  return new Float32Array(found.buffer)[0] as number;
}

/**
 * The 16 bits from `shift` on of the number at index `n` among the counted ones, and its index among numbers with the
 * same bits.
 */
function findHalf(n: number, bits: Uint32Array, counts: (ordered: number) => boolean, shift: number) {
  const histogram = new Uint32Array(2 ** 16);
  for (const value of bits) {
    // Map floats to integers of the same order: negative floats are reversed and come first.
    const ordered = (value >>> 31 ? ~value : value | 0x80000000) >>> 0;
    if (!counts(ordered)) continue;
    const half = (ordered >>> shift) & 0xffff;
    histogram[half] = (histogram[half] as number) + 1;
  }
  let half = 0;
  let rest = n;
  while (rest >= (histogram[half] as number)) rest -= histogram[half++] as number;
  return { half, rest };
}

/**
 * Spearman's rank correlation: Pearson's of the ranks, where ties share their mean rank. Null for fewer than two pairs
 * or when one side is constant, because it is then undefined.
 */
export function spearman(a: Numbers, b: Numbers): number | null {
  return a.length < 2 ? null : pearson(ranks(a), ranks(b));
}

function ranks(values: Numbers): Float64Array {
  const at = (i: number) => values[i] as number;
  const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => at(i) - at(j));
  const result = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && at(order[end] as number) === at(order[start] as number)) end++;
    for (const index of order.slice(start, end)) result[index] = (start + end - 1) / 2;
    start = end;
  }
  return result;
}

function pearson(a: Float64Array, b: Float64Array): number | null {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [together, spreadA, spreadB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = (a[i] as number) - meanA;
    const y = (b[i] as number) - meanB;
    together += x * y;
    spreadA += x * x;
    spreadB += y * y;
  }
  return spreadA === 0 || spreadB === 0 ? null : together / Math.sqrt(spreadA * spreadB);
}
