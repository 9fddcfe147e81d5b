import { CircuitTracerError } from '../errors';
import { describe } from '../validate';

/**
 * Check a slug, which names a graph, its file and its URL.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless it is 1 to 200 of A-Z a-z 0-9 `_` `.` `-`, does not begin
 * with `.` or `-`, and is not `graph-metadata`, the name of the list of graphs.
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
