import { type Logger, pino } from 'pino';

let logger: Logger = pino({ level: 'silent' });

/** The logger in use: silent until {@link setLogger} gives another. */
export function log(): Logger {
  return logger;
}

/** Send the package's warnings and notes to a pino logger of the caller's. */
export function setLogger(newLogger: Logger): void {
  logger = newLogger;
}
