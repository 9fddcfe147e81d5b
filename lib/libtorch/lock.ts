import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import type { CallOptions } from '../call-options';
import { CircuitTracerError } from '../errors';
import { makeFolder } from '../io/files';
import { writeError } from './download';

export interface LockOptions extends Pick<CallOptions, 'signal'> {
  /** Called once when another process holds the lock. */
  readonly onWait?: () => void;
  /** The time in milliseconds without a refresh after which the holder counts as killed. Default 20 s. */
  readonly stale?: number;
}

/**
 * Run `work` under an exclusive lock, for work that takes minutes. The lock is refreshed during the work, and the lock
 * of a killed process is taken over. `work` gets a signal that fires when the caller aborts or the lock is lost (the
 * machine slept).
 */
export async function exclusively<T>(
  file: string,
  work: (signal: AbortSignal) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lost = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, lost.signal]) : lost.signal;
  await makeFolder(path.dirname(file)).catch((error) => {
    throw writeError(error, file);
  });
  const release = await acquire(file, options, () => lost.abort());
  try {
    return await work(signal);
  } catch (error) {
    if (!lost.signal.aborted) throw error;
    throw new CircuitTracerError('ERR_LIBTORCH', `The lock ${file} was lost to another process. Run it again.`, {
      cause: error,
    });
  } finally {
    await release().catch(() => undefined);
  }
}

async function acquire(file: string, options: LockOptions, onLost: () => void): Promise<() => Promise<void>> {
  const { signal, stale = 20_000 } = options;
  for (let notified = false; ; notified = true) {
    if (signal?.aborted) throw new CircuitTracerError('ABORT_ERR', 'The wait for the lock was cancelled.');
    try {
      return await lockfile.lock(file, { realpath: false, lockfilePath: file, stale, onCompromised: onLost });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw writeError(error, file);
    }
    if (!notified) options.onWait?.();
    await sleep(250, undefined, { signal }).catch(() => undefined);
  }
}
