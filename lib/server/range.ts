/** The bytes from `start` to `end`, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const several = /^bytes=(?:\d+-\d*|-\d+)(?: ?, ?(?:\d+-\d*|-\d+))+$/;

/**
 * The part of `size` bytes that a Range header requests. `whole` also for other units and multiple ranges, for which a
 * server may send everything.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const range = header?.trim() ?? '';
  if (!/^bytes=/i.test(range) || several.test(range)) return 'whole';
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(range) ?? [];
  if (first === '' && last === '') return 'unsatisfiable';
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start <= end && start < size ? { start, end } : 'unsatisfiable';
}
