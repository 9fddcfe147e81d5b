import { homedir } from 'node:os';
import { CircuitTracerError } from './errors';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The user's home folder, or undefined when there is none: `HOME` is not set and the user database has no entry, as in
 * a container that runs under an arbitrary user id.
 */
export function homeFolder(env: Environment = process.env): string | undefined {
  // Node treats an empty HOME as the current folder.
  if (process.platform !== 'win32' && env.HOME === '') return undefined;
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The home folder, for callers that require one.
 *
 * @param variables the environment variables that can be set instead
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`
 */
export function requireHomeFolder(what: string, variables: string, env: Environment = process.env): string {
  const home = homeFolder(env);
  if (home !== undefined) return home;
  throw new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    `${what} is in the home folder, but this user has no home folder. Set ${variables} or HOME.`,
  );
}
