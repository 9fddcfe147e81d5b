import { setImmediate } from 'node:timers/promises';
import { checkNotAborted } from './validate';

/** Milliseconds of work in one turn of the event loop. */
const turn = 5;

/**
 * Work that yields between short steps, done on the event loop and leaving it free in between.
 *
 * @throws CircuitTracerError `ABORT_ERR` once the signal has fired, and what the work throws.
 */
export async function inTurns<T>(work: Iterator<void, T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    checkNotAborted(signal);
    const start = performance.now();
    while (performance.now() - start < turn) {
      const step = work.next();
      if (step.done) return step.value;
    }
    await setImmediate();
  }
}

/** The same work without a break. */
export function atOnce<T>(work: Iterator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
