import { chmodSync } from 'node:fs';
import path from 'node:path';

const nobody = 65_534;

/** Whether what this process may not read can be told: root may read everything, and on Windows modes say nothing. */
export const canBeNobody = process.getuid !== undefined;

/** Do something as a user without rights, in a temporary folder that all may enter. */
export async function asNobody<T>(folder: string, work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  chmodSync(path.dirname(folder), 0o755);
  process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
