import { rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { log } from '../log';

const ownFolder = /^circuit-tracer-(\d+)-[A-Za-z0-9]{6}$/;
const live = new Set<string>();
let ready: Promise<void> | undefined;

/**
 * Call `use` with a private temporary folder that is gone afterwards, also when the process exits half-way; what a
 * crash left behind is removed the next time.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE` when the folder can't be made.
 */
export async function withOffloadFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  ready ??= prepare();
  await ready;
  const folder = await makeFolder();
  live.add(folder);
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    live.delete(folder);
  }
}

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), `circuit-tracer-${process.pid}-`));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new CircuitTracerError(
      'ERR_FILE_WRITE',
      `Offloading to disk needs a writable temporary folder, and ${tmpdir()} isn't (${reason}). ` +
        "Set TMPDIR to another place, or use offload 'cpu'.",
      { cause },
    );
  }
}

async function prepare(): Promise<void> {
  process.once('exit', () => {
    for (const folder of live) rmSync(folder, { recursive: true, force: true });
  });
  await removeAbandoned();
}

/** Remove the folders of processes that are no more. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const pid = Number(ownFolder.exec(name)?.[1] ?? process.pid);
    if (pid === process.pid || isAlive(pid)) continue;
    const folder = join(tmpdir(), name);
    try {
      // A link of that name could point anywhere.
      if (!(await lstat(folder)).isDirectory()) continue;
      await rm(folder, { recursive: true, force: true });
      log().info({ folder }, 'removed temporary files an earlier process left behind');
    } catch (error) {
      log().debug({ err: error, folder }, 'an abandoned temporary folder is not ours to remove');
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
