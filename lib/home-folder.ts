import { homedir } from 'node:os';
import { CircuitTracerError } from './errors';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The user's home folder; undefined when there is none: neither `HOME` nor an entry in the list of users, as in a container
 * that runs under a number of its own.
 */
export function homeFolder(env: Environment = process.env): string | undefined {
  // Node takes an empty HOME for the current folder.
  if (process.platform !== 'win32' && env.HOME === '') return undefined;
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The home folder, for what can't do without.
 *
 * @param variables that can be set in its place
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`
 */
export function requireHomeFolder(what: string, variables: string, env: Environment = process.env): string {
  const home = homeFolder(env);
  if (home !== undefined) return home;
  throw new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    `${what} is in the home folder, and this user has none: neither HOME nor a list of users names it. Set ${variables}, or HOME.`,
  );
}
