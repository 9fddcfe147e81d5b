import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tagOf } from './revision';

const maxKnown = 1000;
const pieceBytes = 2 ** 20;
/**
 * File system timestamps may have a resolution of only 2 s (FAT), so a recently modified file may change again without
 * a new timestamp.
 */
const settledMs = 3000;

/** The state of a file, which reveals changes. No program can set ctime back. */
export function stateOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].map((value) => value.toString(36)).join('-');
}

/** The revisions of files, computed in pieces and cached until a file changes. */
export class FileRevisions {
  readonly #known = new Map<string, Promise<string>>();

  /** The revision of a file, equal to `revisionOf` its bytes. */
  of(handle: FileHandle, stats: BigIntStats): Promise<string> {
    const state = stateOf(stats);
    const known = this.#known.get(state);
    if (known) return known;
    const computed = hash(handle, Number(stats.size));
    this.#known.set(state, computed);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
    const isSettled = Date.now() - Number(stats.ctimeNs / 1_000_000n) > settledMs;
    const forget = () => this.#known.delete(state);
    computed.then(isSettled ? undefined : forget, forget);
    return computed;
  }
}

async function hash(handle: FileHandle, size: number): Promise<string> {
  const digest = createHash('sha256');
  const piece = Buffer.alloc(Math.min(pieceBytes, size));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, size - at), at);
    if (bytesRead === 0) break;
    digest.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  return tagOf(digest);
}
