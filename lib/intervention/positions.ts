import { CircuitTracerError } from '../errors';
import { positionIndex } from '../model/position';
import { checkInteger, checkOptions, describe } from '../validate';
import type { Position } from './types';

/** Positions, counted from the first token including special tokens. */
export interface ResolvedPositions {
  /** The positions in the prompt, in the given order. */
  readonly inPrompt: readonly number[];
  /** The start of an open-ended range, which includes every generated position from there on. */
  readonly openFrom: number | undefined;
}

/**
 * @param prompt the number of tokens in the prompt, from whose end negative positions count
 * @param generating whether tokens follow the prompt, where an open-ended range may then begin
 * @param name the entry, for messages
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for positions outside the prompt, or an empty list.
 */
export function resolvePositions(
  position: Position,
  prompt: number,
  generating: boolean,
  name: string,
): ResolvedPositions {
  if (typeof position === 'number') return { inPrompt: [positionIndex(position, prompt, name)], openFrom: undefined };
  if (Array.isArray(position)) return { inPrompt: list(position, prompt, name), openFrom: undefined };
  if (typeof position === 'object' && position !== null) {
    return range(position as { start: number; stop?: number | null }, prompt, generating, name);
  }
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `${name} must be a number, a list of numbers or { start, stop }; found ${describe(position)}.`,
  );
}

/** The positions from `start` to `stop` (exclusive), in the prompt or generated. */
export function positionsBetween(
  { inPrompt, openFrom }: ResolvedPositions,
  prompt: number,
  start: number,
  stop: number,
): number[] {
  const listed = inPrompt.filter((position) => position >= start && position < stop);
  if (openFrom === undefined) return listed;
  for (let position = Math.max(openFrom, prompt, start); position < stop; position++) listed.push(position);
  return listed;
}

function list(positions: readonly unknown[], prompt: number, name: string): number[] {
  if (positions.length > 0) return positions.map((position, i) => positionIndex(position, prompt, `${name}[${i}]`));
  throw new CircuitTracerError('ERR_INVALID_ARGUMENT', `${name} must have at least one position; found none.`);
}

function range(
  given: { start: number; stop?: number | null },
  prompt: number,
  generating: boolean,
  name: string,
): ResolvedPositions {
  checkOptions(given, ['start', 'stop'], name);
  const isOpen = given.stop === undefined || given.stop === null;
  const fromEnd = (value: number) => (value < 0 ? value + prompt : value);
  const last = generating && isOpen ? Number.MAX_SAFE_INTEGER : prompt;
  const start = fromEnd(checkInteger(given.start, `${name}.start`, -prompt, last));
  if (isOpen && start === prompt && !generating) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `${name} is open-ended and begins after the ${prompt} tokens of the prompt, but this call generates no tokens. ` +
        'Start the range earlier, or use generate.',
    );
  }
  const stop = isOpen ? prompt : fromEnd(checkInteger(given.stop, `${name}.stop`, -prompt, prompt));
  if (!isOpen && stop <= start) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `${name} must have at least one position; found none from ${start} to ${stop}.`,
    );
  }
  const inPrompt = Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);
  return { inPrompt, openFrom: isOpen ? start : undefined };
}
