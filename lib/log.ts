import type { Logger } from 'pino';
import { lazy } from './lazy';

const pino = lazy(() => require('pino') as typeof import('pino'));
let current: Logger | undefined;

/** The package's logger. Silent until {@link setLogger} is called. */
export function log(): Logger {
  current ??= pino().pino({ level: 'silent' });
  return current;
}

/** Send all further log lines of the package to `logger`. */
export function setLogger(logger: Logger): void {
  current = logger;
}
