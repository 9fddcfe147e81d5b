import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A temporary thing untouched for longer belongs to nobody, wherever its process ran. */
const abandonedAfterMs = 24 * 3600 * 1000;

/** As it stands in names of temporary files: `<pid>-<place>-<start>`; versions before wrote the process id alone. */
export const markPattern = '[0-9]+(?:-[0-9a-f]{8}-[0-9]+)?';

let mark: string | undefined;

/**
 * What tells this process from all others that may write to the same disk. A process id alone doesn't: other machines and
 * other containers have processes of the same number, and a number is used again.
 */
export function processMark(): string {
  mark ??= `${process.pid}-${place()}-${startOf(process.pid) ?? 0}`;
  return mark;
}

/**
 * Whether the process a mark is of has certainly ended. On the same machine, in the same container, its id tells. Elsewhere
 * only time does: what it made is its own until it has been left untouched for a day.
 *
 * @param touchedMs when what it made was last changed, in milliseconds since 1970
 */
export function hasEnded(found: string, touchedMs: number): boolean {
  const [pid = '', where, start = '0'] = found.split('-');
  if (where === undefined || where === place()) return !isRunning(Number(pid), Number(start));
  return Date.now() - touchedMs > abandonedAfterMs;
}

/** The machine since it was started, and the container in it. */
function place(): string {
  const parts = [hostname(), process.platform, bootOf(), namespaceOf()];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8);
}

function bootOf(): string {
  return attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? '';
}

function namespaceOf(): string {
  return attempt(() => readlinkSync('/proc/self/ns/pid')) ?? '';
}

function isRunning(pid: number, start: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // The number may have passed to a younger process.
  const found = startOf(pid);
  return found === undefined || start === 0 || found === start;
}

/** When a process began, in ticks since the machine started; undefined where that can't be known. proc(5), field 22. */
function startOf(pid: number): number | undefined {
  const status = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name, in parentheses, may hold anything.
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
