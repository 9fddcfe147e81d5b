/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const several = /^bytes=(?:\d+-\d*|-\d+)(?: ?, ?(?:\d+-\d*|-\d+))+$/;

/**
 * What part of `size` bytes a Range header asks for; `whole` also for other units and for several ranges, which a server
 * may answer with everything.
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
