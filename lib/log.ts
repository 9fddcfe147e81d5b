import type { Logger } from 'pino';
import { lazy } from './lazy';

const pino = lazy(() => require('pino') as typeof import('pino'));
let current: Logger | undefined;

/** The package's logger. Silent until {@link setLogger} is called. */
export function log(): Logger {
  current ??= pino().pino({ level: 'silent' });
  return current;
}

/** Send the package's log lines to `logger` from now on. */
export function setLogger(logger: Logger): void {
  current = logger;
}
