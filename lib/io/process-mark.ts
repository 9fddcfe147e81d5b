import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A temporary file or folder that was not modified for longer is abandoned, no matter where its process ran. */
const abandonedAfterMs = 24 * 3600 * 1000;

/** The mark in names of temporary files: `<pid>-<place>-<start>`. Earlier versions wrote the process id alone. */
export const markPattern = '[0-9]+(?:-[0-9a-f]{8}-[0-9]+)?';

let mark: string | undefined;

/**
 * A mark that identifies this process among all that may write to the same disk. The process id alone is not enough:
 * other machines and containers use the same ids, and ids are reused.
 */
export function processMark(): string {
  mark ??= `${process.pid}-${place()}-${startTicks(process.pid) ?? 0}`;
  return mark;
}

/**
 * Whether the process with a given mark has certainly ended. On the same machine and in the same container, its id
 * tells. Elsewhere, its files count as its own until they have not been modified for a day.
 *
 * @param touchedMs when its file or folder was last modified, in milliseconds since 1970
 */
export function hasEnded(found: string, touchedMs: number): boolean {
  const [pid = '', where, start = '0'] = found.split('-');
  if (where === undefined || where === place()) return !isRunning(Number(pid), Number(start));
  return Date.now() - touchedMs > abandonedAfterMs;
}

/** A hash of the machine, its boot and the container. */
function place(): string {
  const parts = [hostname(), process.platform, bootId(), namespaceId()];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8);
}

function bootId(): string {
  return attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? '';
}

function namespaceId(): string {
  return attempt(() => readlinkSync('/proc/self/ns/pid')) ?? '';
}

function isRunning(pid: number, start: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // The id may have been reused by a later process.
  const found = startTicks(pid);
  return found === undefined || start === 0 || found === start;
}

/** The start time of a process, in clock ticks since boot; undefined where it is not available. proc(5), field 22. */
function startTicks(pid: number): number | undefined {
  const status = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name, in parentheses, may contain any character.
  const start = Number(status?.slice(status.lastIndexOf(')') + 2).split(' ')[19]);
  return Number.isFinite(start) ? start : undefined;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
