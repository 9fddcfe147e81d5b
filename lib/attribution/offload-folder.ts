import { rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { absolutePath } from '../io/absolute-path';
import { hasEnded, markPattern, processMark } from '../io/process-mark';
import { log } from '../log';

const ownFolder = new RegExp(`^circuit-tracer-(${markPattern})-[A-Za-z0-9]{6}$`);
/** Processes that can't see this one take its folder for abandoned when it is left untouched for a day. */
const touchEveryMs = 3600 * 1000;
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
      `Offloading to disk needs a writable temporary folder, and ${tmpdir()} isn't (${reason}). ` +
        "Set TMPDIR to another place, or use offload 'cpu'.",
      { cause },
    );
  }
}

async function touch(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now).catch((error) => log().debug({ err: error, folder }, 'an offload folder is gone'));
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
    const [, mark] = ownFolder.exec(name) ?? [];
    if (mark === undefined) continue;
    const folder = join(tmpdir(), name);
    try {
      const found = await lstat(folder);
      // A link of that name could point anywhere.
      if (!found.isDirectory() || !hasEnded(mark, found.mtimeMs)) continue;
      await rm(folder, { recursive: true, force: true });
      log().info({ folder }, 'removed temporary files an earlier process left behind');
    } catch (error) {
      log().debug({ err: error, folder }, 'an abandoned temporary folder is not ours to remove');
    }
  }
}
