import { createHash } from 'node:crypto';
import type { Entry } from 'yauzl';
import { fromRandomAccessReaderPromise } from 'yauzl';
import { CircuitTracerError } from '../errors';
import { RangeReader } from '../io/range-reader';
import { type HttpAnswer, type HttpClient, withoutCredentials } from './http-client';
import { attemptOnce, fetchBytes, isPage, pageInstead, persistently } from './transfer';
import { UnavailableError } from './unavailable';

/** The server does not send parts of the file, or not the ones asked for. The whole file can be fetched instead. */
export class NoRangesError extends Error {}

/** Part of a file: the bytes from `start` up to, without, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The directory of a zip on a server. */
export interface RemoteDirectory {
  /** The size of the whole zip. */
  readonly size: number;
  readonly entries: readonly Entry[];
  /** The place where the directory begins. */
  readonly start: number;
  /** The checksum of the directory. It holds that of every entry, so two zips with the same directory are the same. */
  readonly sha256: string;
  /** The bytes fetched to read it. */
  readonly fetched: number;
}

export interface RemoteOptions {
  readonly url: string;
  readonly client: HttpClient;
  readonly signal?: AbortSignal;
}

const firstBytes = 2 ** 18;
const largestDirectory = 2 ** 26;

/** Bytes that are not needed but fetched, because another request costs more. */
const gap = 2 ** 18;

/**
 * Read the directory of a zip on a server without fetching the zip.
 *
 * @throws NoRangesError; UnavailableError; CircuitTracerError `ERR_FILE_FORMAT` when it is no sound zip, `ABORT_ERR`.
 */
export async function readDirectory(options: RemoteOptions): Promise<RemoteDirectory> {
  const size = await sizeOf(options);
  const tail = new Tail(options, size);
  try {
    const zip = await fromRandomAccessReaderPromise(new RangeReader((at, length) => tail.read(at, length)), size, {
      autoClose: false,
    });
    tail.lowest = size;
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(entry);
    const start = tail.lowest;
    const bytes = await tail.read(start, size - start);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { size, entries, start, sha256, fetched: tail.fetched };
  } catch (error) {
    if (error instanceof NoRangesError || error instanceof UnavailableError) throw error;
    if (error instanceof CircuitTracerError) throw error;
    const shown = withoutCredentials(options.url);
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `The wheel at ${shown} is damaged: ${(error as Error).message}. Try again, or use another index (PIP_INDEX_URL).`,
      { cause: error },
    );
  }
}

/** The parts of a zip to fetch for some of its entries, and its directory. Parts close to each other become one. */
export function neededRanges({ entries, start, size }: RemoteDirectory, wants: (name: string) => boolean): Range[] {
  const sorted = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  const ranges: { start: number; end: number }[] = [];
  const add = (from: number, end: number) => {
    const last = ranges.at(-1);
    if (last && from - last.end <= gap) last.end = Math.max(last.end, end);
    else ranges.push({ start: from, end });
  };
  sorted.forEach((entry, i) => {
    const end = sorted[i + 1]?.relativeOffsetOfLocalHeader ?? start;
    if (wants(entry.fileName)) add(entry.relativeOffsetOfLocalHeader, end);
  });
  add(start, size);
  return ranges;
}

/** @throws NoRangesError unless the answer has exactly the bytes asked for. */
export function checkPart({ status, headers }: HttpAnswer, { start, end }: Range, size: number): void {
  if (status !== 206) throw new NoRangesError(`HTTP status ${status}`);
  if (headers['content-range'] !== `bytes ${start}-${end - 1}/${size}`) {
    throw new NoRangesError(`the server sent another range: ${headers['content-range']}`);
  }
}

/** The size of a file, from an answer with its first bytes. */
function sizeOf({ url, client, signal }: RemoteOptions): Promise<number> {
  const shown = withoutCredentials(url);
  const attempt = { client, url, shown, signal, headers: { range: 'bytes=0-3' }, isResumed: false };
  const once = () => attemptOnce(attempt, (answer, pieces) => sizeIn(answer, pieces, shown));
  return persistently({ url: shown, ...(signal && { signal }) }, once);
}

async function sizeIn(answer: HttpAnswer, pieces: AsyncIterable<Buffer>, shown: string): Promise<number> {
  if (answer.status !== 200 && answer.status !== 206) {
    throw new UnavailableError(`${shown}: HTTP status ${answer.status}`);
  }
  if (isPage(answer)) throw new UnavailableError(`${shown}: ${pageInstead}`);
  const size = Number(/^bytes 0-3\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1]);
  if (answer.status === 200 || !size) throw new NoRangesError('the server sends only the whole file');
  for await (const piece of pieces) {
    if (piece.toString('latin1', 0, 2) === 'PK') return size;
  }
  throw new UnavailableError(`${shown}: what arrived is no zip`);
}

/** The end of a file on a server. It grows to the front as it is read. */
class Tail {
  #bytes = Buffer.alloc(0);
  fetched = 0;
  /** The lowest position read. */
  lowest = Number.POSITIVE_INFINITY;

  constructor(
    private readonly options: RemoteOptions,
    private readonly size: number,
  ) {}

  async read(position: number, length: number): Promise<Buffer> {
    if (position < 0 || position + length > this.size) throw new Error(`it references byte ${position}, past its end`);
    this.lowest = Math.min(this.lowest, position);
    const known = this.size - this.#bytes.length;
    if (position < known) await this.#extend(Math.max(0, Math.min(position, known - firstBytes)), known);
    const at = position - (this.size - this.#bytes.length);
    return this.#bytes.subarray(at, at + length);
  }

  async #extend(start: number, end: number): Promise<void> {
    if (end - start > largestDirectory) throw new Error(`its directory is said to begin at byte ${start}`);
    const { url, client, signal } = this.options;
    const headers = { range: `bytes=${start}-${end - 1}` };
    const request = { url, client, signal, headers, shown: withoutCredentials(url) };
    const { bytes, answer } = await fetchBytes(request, end - start);
    checkPart(answer, { start, end }, this.size);
    if (bytes.length !== end - start) throw new NoRangesError('the server sent less than it said');
    this.fetched += bytes.length;
    this.#bytes = Buffer.concat([bytes, this.#bytes]);
  }
}
