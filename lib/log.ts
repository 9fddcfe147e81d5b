/** One method of a logger: a message alone, or what it is about (an object, an error) and then perhaps a message. */
export type LogMethod = (message: unknown, text?: string) => void;

/** Where log lines go. A logger of pino will do, and so will `console` or any object with these four methods. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

const ignore = () => undefined;
let current: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The package's logger. Silent until {@link setLogger} is called. */
export function log(): Logger {
  return current;
}

/** Send all further log lines of the package to `logger`. */
export function setLogger(logger: Logger): void {
  current = logger;
}
