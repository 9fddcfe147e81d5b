import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CircuitTracerError } from '../errors';
import { fileExists, makeFolder } from '../io/files';
import { log } from '../log';
import { targetOf } from './archive';
import { download, sha256Of } from './download';
import { downloadRanges } from './download-ranges';
import { withoutCredentials } from './http-client';
import type { ListedWheel, PackagePlaces } from './package-places';
import { NoRangesError, neededRanges, readDirectory } from './remote-zip';
import { UnavailableError } from './unavailable';
import { isWheelInfo, readWheelInfo, type WheelInfo } from './wheel-record';

export interface FetchWheelOptions {
  /** The folder for wheels. */
  readonly folder: string;
  readonly places: PackagePlaces;
  readonly signal?: AbortSignal;
  readonly onBytes?: (done: number, total: number) => void;
  /** Called with the names of the wheel's entries, before its download if possible. May throw. */
  readonly check?: (names: readonly string[]) => void;
}

/** The share of a wheel from which on the whole is fetched, because the checksum of the index is worth the rest. */
const wholeFrom = 0.9;

export interface FetchedWheel {
  readonly file: string;
  readonly info: WheelInfo;
}

/**
 * Fetch a wheel, or only the parts of it that are needed if the server can send parts. A wheel in a folder stays where
 * it is. A wheel that is needed nearly whole is fetched whole, too. A whole wheel is checked against the checksum of the
 * index. For parts, METADATA is checked against the index, and what is unpacked later against RECORD.
 *
 * @throws UnavailableError; CircuitTracerError `ERR_LIBTORCH` for a wrong checksum, `ERR_FILE_FORMAT`,
 * `ERR_FILE_WRITE`, `ABORT_ERR`; any error of `check`.
 */
export async function fetchWheel(listed: ListedWheel, options: FetchWheelOptions): Promise<FetchedWheel> {
  const file = listed.url.startsWith('file:')
    ? await localWheel(listed, options.signal)
    : await remoteWheel(listed, options);
  const info = await readWheelInfo(file);
  options.check?.(info.names);
  const found = createHash('sha256').update(info.metadata).digest('hex');
  if (listed.metadataSha256 && found !== listed.metadataSha256) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `The METADATA of ${withoutCredentials(listed.url)} is not the one that the index lists: expected sha256 ` +
        `${listed.metadataSha256}, found ${found}. Try again, or use another index (PIP_INDEX_URL).`,
    );
  }
  return { file, info };
}

async function localWheel({ url, sha256 }: ListedWheel, signal?: AbortSignal): Promise<string> {
  const file = fileURLToPath(url);
  if (!(await fileExists(file))) throw new UnavailableError(`${file}: no such file, although the index lists it`);
  const found = sha256 && (await sha256Of(file, signal));
  if (found === sha256) return file;
  throw new CircuitTracerError(
    'ERR_LIBTORCH',
    `The checksum of ${file} is wrong: the index lists sha256 ${sha256}, found ${found}. Replace the file, or use ` +
      'another index (PIP_INDEX_URL).',
  );
}

async function remoteWheel(listed: ListedWheel, options: FetchWheelOptions): Promise<string> {
  const { url, sha256, name } = listed;
  const { places, signal, onBytes } = options;
  const shown = withoutCredentials(url);
  // Files of the same name on two servers need not be the same.
  const folder = path.join(options.folder, createHash('sha256').update(shown).digest('hex').slice(0, 8));
  const file = path.join(folder, path.basename(name));
  if (await fileExists(file)) return file;
  await makeFolder(folder);
  const isSafe = places.isSafe(url);
  if (!isSafe && !sha256) throw new UnavailableError(`${shown}: it has no checksum, and is not encrypted`);
  if (isSafe && (await fetchParts(listed, file, options))) return file;
  const client = places.client;
  await download({
    url,
    client,
    file,
    ...(sha256 && { sha256 }),
    ...(onBytes && { onBytes }),
    ...(signal && { signal }),
  });
  return file;
}

/** @returns false when the server does not send parts, or they are nearly everything */
async function fetchParts({ url, sha256 }: ListedWheel, file: string, options: FetchWheelOptions): Promise<boolean> {
  const { places, signal, onBytes, check } = options;
  const remote = { url, client: places.client, ...(signal && { signal }) };
  try {
    const directory = await readDirectory(remote);
    check?.(directory.entries.map(({ fileName }) => fileName));
    const ranges = neededRanges(directory, (name) => isWheelInfo(name) || targetOf(name) !== undefined);
    const needed = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    const bytes = { needed: needed + directory.fetched, wheel: directory.size };
    if (sha256 && needed > wholeFrom * directory.size) return false;
    log().info(
      { url: withoutCredentials(url), bytes, requests: ranges.length },
      'fetching the needed parts of a wheel',
    );
    await downloadRanges({ ...remote, file, directory, ranges, ...(onBytes && { onBytes }) });
    return true;
  } catch (error) {
    if (!(error instanceof NoRangesError)) throw error;
    log().info({ url: withoutCredentials(url), reason: error.message }, 'the whole wheel is fetched');
    return false;
  }
}
