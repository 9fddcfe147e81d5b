type Numbers = ArrayLike<number>;

/** The middle value, or the mean of the middle two; 0 of none. */
export function median(values: Float32Array): number {
  if (values.length === 0) return 0;
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

/**
 * Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank. Null for fewer than two pairs or
 * when one side is constant, where it isn't defined.
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
