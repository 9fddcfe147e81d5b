import { rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { absolutePath } from '../io/absolute-path';
import { hasEnded, markPattern, processMark } from '../io/process-mark';
import { log } from '../log';

const ownFolder = new RegExp(`^circuit-tracer-(${markPattern})-[A-Za-z0-9]{6}$`);
/** A process that cannot see this one considers its folder abandoned if it is not touched for a day. */
const touchEveryMs = 3600 * 1000;
const live = new Set<string>();
let ready: Promise<void> | undefined;

/**
 * Call `use` with a private temporary folder. The folder is removed afterwards, also if the process exits early. The
 * next call removes folders that a crash left behind.
 *
 * @throws CircuitTracerError `ERR_FILE_WRITE` when the folder cannot be created.
 */
export async function withOffloadFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  ready ??= prepare();
  await ready;
  const folder = await makeFolder();
  live.add(folder);
  const touching = setInterval(() => void touch(folder), touchEveryMs).unref();
  try {
    return await use(folder);
  } finally {
    clearInterval(touching);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    live.delete(folder);
  }
}

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(join(absolutePath(tmpdir()), `circuit-tracer-${processMark()}-`));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new CircuitTracerError(
      'ERR_FILE_WRITE',
      `Offloading to disk requires a writable temporary folder, but ${tmpdir()} is not writable (${reason}). ` +
        "Set TMPDIR to another folder, or use offload 'cpu'.",
      { cause },
    );
  }
}

async function touch(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now).catch((error) =>
    log().debug({ err: error, folder }, 'an offload folder no longer exists'),
  );
}

async function prepare(): Promise<void> {
  process.once('exit', () => {
    for (const folder of live) rmSync(folder, { recursive: true, force: true });
  });
  await removeAbandoned();
}

/** Remove the folders of processes that no longer exist. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const [, mark] = ownFolder.exec(name) ?? [];
    if (mark === undefined) continue;
    const folder = join(tmpdir(), name);
    try {
      const found = await lstat(folder);
      // A symbolic link of that name could point anywhere.
      if (!found.isDirectory() || !hasEnded(mark, found.mtimeMs)) continue;
      await rm(folder, { recursive: true, force: true });
      log().info({ folder }, 'removed temporary files of an earlier process');
    } catch (error) {
      log().debug({ err: error, folder }, 'no permission to remove an abandoned temporary folder');
    }
  }
}
