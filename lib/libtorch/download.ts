import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions } from '../call-options';
import { CircuitTracerError } from '../errors';
import { parseJson } from '../json';
import { log } from '../log';

export interface DownloadOptions extends Pick<CallOptions, 'signal'> {
  readonly url: string;
  /** The path of the complete file. An incomplete download is in `<file>.part`. */
  readonly file: string;
  /** The expected checksum in hexadecimal. Without it, only the size is checked and the checksum is logged. */
  readonly sha256?: string;
  /** Called with the bytes done so far and the total, which is 0 when the server does not send it. */
  readonly onBytes?: (done: number, total: number) => void;
  /** How long a connection may be silent before it counts as broken, in milliseconds. Default 30 seconds. */
  readonly silenceMs?: number;
}

/** The server is unreachable or does not have the file. Another source may have it. */
export class UnavailableError extends Error {}

/** The connection broke. The bytes received so far are kept. */
class BrokenError extends Error {}

/** The connection is open but silent. */
class SilentError extends BrokenError {}

const connectTimeout = 8_000;
const attemptsWithoutProgress = 5;
/**
 * The limit for connections that go silent instead of breaking. It is lower: 90 seconds are enough to wait for a byte.
 */
const silencesWithoutProgress = 3;

/**
 * Download a file. An interrupted download resumes if the server still has the same file (HTTP range with a validator),
 * and otherwise starts again.
 *
 * @throws UnavailableError, also when the connection keeps breaking or stays silent; CircuitTracerError `ERR_LIBTORCH`
 * when the checksum is wrong (the file is then deleted), `ERR_FILE_WRITE`, `ABORT_ERR`.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const part = `${options.file}.part`;
  for (let [failures, silences] = [0, 0]; ; ) {
    const before = await fileSize(part);
    try {
      await attempt(options, part);
      break;
    } catch (error) {
      if (!(error instanceof BrokenError)) throw error;
      const progress = (await fileSize(part)) > before;
      failures = progress ? 1 : failures + 1;
      silences = (progress ? 0 : silences) + (error instanceof SilentError ? 1 : 0);
      if (failures >= attemptsWithoutProgress || silences >= silencesWithoutProgress) {
        throw new UnavailableError(`${options.url}: the download keeps failing: ${error.message}`);
      }
      await sleep(200 * 2 ** failures, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
  await verify(options, part);
  await rename(part, options.file);
  await rm(noteFile(part), { force: true });
}

async function attempt({ url, onBytes, signal, silenceMs = 30_000 }: DownloadOptions, part: string): Promise<void> {
  const watch = new Watch(signal, silenceMs);
  try {
    const validator = await resumable(part, url);
    let start = validator ? await fileSize(part) : 0;
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (validator && start > 0) Object.assign(headers, { range: `bytes=${start}-`, 'if-range': validator });
    watch.restart(connectTimeout);
    const response = await fetch(url, { headers, signal: watch.signal }).catch((error) => {
      throw connectionError(error, url, start);
    });
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new BrokenError('the partial file is longer than the complete file');
    }
    if (response.status >= 500) throw new BrokenError(`HTTP status ${response.status}`);
    if (!response.ok || !response.body) throw new UnavailableError(`${url}: HTTP status ${response.status}`);
    const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (response.status !== 206 || Number(range) !== start) start = 0;
    if (response.status === 206 && start === 0) throw new UnavailableError(`${url}: the server sent another range`);
    const length = Number(response.headers.get('content-length') ?? 0);
    const total = length && start + length;
    if (start === 0) await noteValidator(part, url, response.headers);
    const done = await append(part, start, response.body, total, watch, onBytes);
    if (total && done !== total) throw new BrokenError(`only ${done} of ${total} bytes arrived`);
  } catch (error) {
    if (signal?.aborted) throw new CircuitTracerError('ABORT_ERR', 'The download was cancelled.', { cause: error });
    throw error;
  } finally {
    watch.stop();
  }
}

async function append(
  part: string,
  start: number,
  body: ReadableStream<Uint8Array>,
  total: number,
  watch: Watch,
  onBytes: DownloadOptions['onBytes'],
): Promise<number> {
  const handle = await open(part, start > 0 ? 'a' : 'w').catch((error) => {
    throw writeError(error, part);
  });
  let done = start;
  try {
    const reader = body.getReader();
    for (;;) {
      watch.restart();
      const chunk = await reader.read().catch((error) => {
        if (watch.isSilent) throw new SilentError(`the connection went silent after ${done} bytes (${reason(error)})`);
        throw new BrokenError(`the connection broke after ${done} bytes (${reason(error)})`);
      });
      if (!chunk.value) return done;
      await writeAll(handle, chunk.value, part);
      done += chunk.value.length;
      onBytes?.(done, total);
    }
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, part: string): Promise<void> {
  try {
    await handle.writeFile(bytes);
  } catch (error) {
    throw writeError(error, part);
  }
}

/** Aborts when the caller aborts or the connection is silent for too long. */
class Watch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  readonly signal: AbortSignal;

  constructor(
    user: AbortSignal | undefined,
    private readonly silenceMs: number,
  ) {
    this.signal = user ? AbortSignal.any([user, this.controller.signal]) : this.controller.signal;
  }

  get isSilent(): boolean {
    return this.controller.signal.aborted;
  }

  restart(milliseconds = this.silenceMs): void {
    this.stop();
    this.timer = setTimeout(
      () => this.controller.abort(new Error(`silent for ${milliseconds / 1000} s`)),
      milliseconds,
    );
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

const noteFile = (part: string): string => `${part}.json`;

/**
 * The validator (entity tag or date) of the file that `part` is the beginning of, if it is known and belongs to this
 * URL.
 */
async function resumable(part: string, url: string): Promise<string | undefined> {
  try {
    const note = parseJson(await readFile(noteFile(part), 'utf8')) as { url: string; validator?: string };
    return note.url === url ? note.validator : undefined;
  } catch {
    return undefined;
  }
}

/** Store the validator. A weak entity tag does not guarantee identical bytes, so it cannot be used to resume. */
async function noteValidator(part: string, url: string, headers: Headers): Promise<void> {
  const tag = headers.get('etag');
  const validator = (tag && !tag.startsWith('W/') && tag) || headers.get('last-modified') || undefined;
  await writeFile(noteFile(part), JSON.stringify({ url, validator })).catch((error) => {
    throw writeError(error, part);
  });
}

async function verify({ url, sha256, signal }: DownloadOptions, part: string): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(part, { signal })) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  if (!sha256)
    log().info({ url, sha256: found }, 'there is no known checksum for this archive; this is its actual checksum');
  if (!sha256 || found === sha256.toLowerCase()) return;
  await Promise.all([rm(part, { force: true }), rm(noteFile(part), { force: true })]);
  throw new CircuitTracerError(
    'ERR_LIBTORCH',
    `The checksum of ${url} is wrong: expected sha256 ${sha256}, found ${found}. The file was deleted. Try again, or ` +
      'download it from another URL.',
  );
}

function connectionError(error: unknown, url: string, start: number): Error {
  return start > 0 ? new BrokenError(reason(error)) : new UnavailableError(`${url}: ${reason(error)}`);
}

/** The reason for a failure of `fetch`. It is in the cause, which has only a code if several addresses were tried. */
function reason(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: string; code?: string }; message: string };
  return cause?.message || cause?.code || message;
}

async function fileSize(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

/** The error for a failed write. */
export function writeError(error: unknown, file: string): CircuitTracerError {
  const { code, message } = error as NodeJS.ErrnoException;
  const cure = code === 'ENOSPC' ? 'The disk is full. Free some space' : 'Check the folder';
  return new CircuitTracerError(
    'ERR_FILE_WRITE',
    `${file} cannot be written (${message}). ${cure}, or set XDG_CACHE_HOME to a folder on another disk.`,
    { cause: error },
  );
}
