import { CircuitTracerError } from '../errors';
import { positionIndex } from '../model/position';
import { checkInteger, checkOptions, describe } from '../validate';
import type { Position } from './types';

/** Positions as counted from the first token, special ones included. */
export interface ResolvedPositions {
  /** Those in the prompt, as listed. */
  readonly inPrompt: readonly number[];
  /** An open-ended range reaches every generated position from here on. */
  readonly openFrom: number | undefined;
}

/**
 * @param prompt number of the prompt's tokens, which negative positions count back from.
 * @param generating whether tokens follow the prompt: only then may an open-ended range begin after it.
 * @param name of the entry, for messages.
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for positions outside the prompt, and for none at all.
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

/** Those at or after `start` and before `stop`, of the prompt and of what is generated. */
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
  throw new CircuitTracerError('ERR_INVALID_ARGUMENT', `${name} must list at least one position; found none.`);
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
      `${name} is open-ended and begins after the prompt of ${prompt} tokens, where there is nothing without ` +
        'generation. Start it earlier, or generate.',
    );
  }
  const stop = isOpen ? prompt : fromEnd(checkInteger(given.stop, `${name}.stop`, -prompt, prompt));
  if (!isOpen && stop <= start) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `${name} must hold at least one position; found none from ${start} to ${stop}.`,
    );
  }
  const inPrompt = Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);
  return { inPrompt, openFrom: isOpen ? start : undefined };
}
