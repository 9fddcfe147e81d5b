import { setImmediate } from 'node:timers/promises';
import { checkNotAborted } from './validate';

/** The duration of the work in one turn of the event loop, in milliseconds. */
const turn = 5;

/**
 * Run work that yields between short steps on the event loop, and let other events run in between.
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

/** Run the same work without interruption. */
export function atOnce<T>(work: Iterator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
