import { CircuitTracerError } from '../errors';
import { describe } from '../validate';

/**
 * A slug names a graph, its file and its address in a browser.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless it is 1 to 200 of A-Z a-z 0-9 `_` `.` `-`, beginning with
 * none of `.` and `-`, and other than `graph-metadata`, whose file lists the graphs.
 */
export function checkSlug(slug: unknown): string {
  const legal = typeof slug === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/.test(slug);
  if (legal && slug.toLowerCase() !== 'graph-metadata') return slug;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `slug must be 1 to 200 letters, digits, '_', '.' or '-', must not begin with '.' or '-', and must not be ` +
      `'graph-metadata'; found ${describe(slug)}.`,
  );
}
