import pino, { type Logger } from 'pino';

let current: Logger | undefined;

/** The package's logger. Silent until {@link setLogger} is called. */
export function log(): Logger {
  current ??= pino({ level: 'silent' });
  return current;
}

/** Send the package's log lines to `logger` from now on. */
export function setLogger(logger: Logger): void {
  current = logger;
}
