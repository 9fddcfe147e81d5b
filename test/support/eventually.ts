import { setTimeout as delay } from 'node:timers/promises';

/** So long that only what never happens takes it. */
const patience = 120_000;

/** Repeat a check until it passes. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  const started = performance.now();
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() - started > patience) throw error;
      await delay(10);
    }
  }
}
