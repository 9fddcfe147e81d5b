import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { PickleError } from '../pickle/pickle-bytes';
import { unpickle } from '../pickle/unpickle';
import { checkZipEntry } from '../zip-entry';
import { openZip } from '../zip-file';
import { torchRules } from './torch-classes';
import { type TorchFile, torchFileError } from './torch-file';
import { type TorchStorage, torchItemSizes } from './torch-tensor';

const maxEntries = 10_000;
/**
 * The numbers of graphs compress to about a tenth. A large storage with a much higher compression ratio is a zip bomb.
 */
const [largeBytes, maxRatio] = [16 * 2 ** 20, 100];
/** The limit for the pickle of a graph, which holds the prompt, sizes and names and takes a few kilobytes. */
const maxPickleBytes = 16 * 2 ** 20;

/** The zip archive of PyTorch 1.6 and later: `name/data.pkl`, `name/byteorder`, and `name/data/KEY` for each storage. */
export async function openTorchArchive(path: string, records: ReadonlySet<string>): Promise<TorchFile> {
  const zip = await openZip(path);
  try {
    const entries = await listEntries(zip);
    const [pickleName, another] = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    if (pickleName === undefined) throw new Error('the archive has no data.pkl');
    if (another !== undefined) throw new Error('the archive has a data.pkl in two folders');
    const folder = pickleName.slice(0, -'data.pkl'.length);
    await checkByteOrder(path, zip, entries.get(`${folder}byteorder`));
    const storageEntry = (storage: TorchStorage) => requireEntry(entries, folder, storage);
    const rules = torchRules(records, (storage) => {
      storageEntry(storage);
      return storage;
    });
    const bytes = await wholeEntry(path, zip, entries.get(pickleName) as Entry, maxPickleBytes);
    const { value } = unpickle(bytes, rules);
    return {
      path,
      value,
      readStorage: (storage, start, end) => entryBytes(path, zip, storageEntry(storage), start, end),
      close: async () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.size >= maxEntries) throw new Error(`the archive has more than ${maxEntries} entries`);
    if (entries.has(entry.fileName)) throw new Error(`the archive has ${entry.fileName} twice`);
    checkZipEntry(entry);
    if (entry.uncompressedSize > largeBytes && entry.uncompressedSize > maxRatio * entry.compressedSize) {
      throw new Error(`${entry.fileName} has a suspicious compression ratio: ${entry.uncompressedSize} bytes`);
    }
    entries.set(entry.fileName, entry);
  }
  checkOverlaps([...entries.values()], zip.fileSize);
  return entries;
}

/** Check that entries do not overlap. Each consists of a local header (at least 30 bytes and the name) and its data. */
function checkOverlaps(entries: readonly Entry[], fileSize: number): void {
  const inOrder = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  for (const [i, { fileName, fileNameRaw, compressedSize, relativeOffsetOfLocalHeader }] of inOrder.entries()) {
    const end = relativeOffsetOfLocalHeader + 30 + fileNameRaw.length + compressedSize;
    const next = inOrder[i + 1];
    if (end > fileSize) throw new Error(`${fileName} reaches past the end of the file`);
    if (next && end > next.relativeOffsetOfLocalHeader) throw new Error(`${fileName} and ${next.fileName} overlap`);
  }
}

async function checkByteOrder(path: string, zip: ZipFile, entry: Entry | undefined): Promise<void> {
  const order = entry ? (await wholeEntry(path, zip, entry, 16)).toString() : 'little';
  if (order !== 'little') throw new Error(`expected little-endian numbers, found ${order}-endian`);
}

/**
 * The entry of a storage. It is checked as soon as the pickle references it, so that a wrong size is found before any
 * memory is allocated.
 */
function requireEntry(entries: ReadonlyMap<string, Entry>, folder: string, { key, dtype, count }: TorchStorage): Entry {
  const entry = entries.get(`${folder}data/${key}`);
  if (!entry) throw new PickleError(`the archive has no data/${key} for a storage of ${count} numbers`);
  const bytes = count * torchItemSizes[dtype];
  if (entry.uncompressedSize === bytes) return entry;
  throw new PickleError(`expected ${bytes} bytes (${count} ${dtype}) in data/${key}, found ${entry.uncompressedSize}`);
}

async function wholeEntry(path: string, zip: ZipFile, entry: Entry, most: number): Promise<Buffer> {
  if (entry.uncompressedSize > most) throw new Error(`${entry.fileName} is larger than ${most} bytes`);
  const pieces: Uint8Array[] = [];
  for await (const piece of entryBytes(path, zip, entry, 0, entry.uncompressedSize)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * Read a range of an entry. The checksum covers the whole entry, so all of it is read and pieces outside the range are
 * dropped.
 */
async function* entryBytes(
  path: string,
  zip: ZipFile,
  entry: Entry,
  start: number,
  end: number,
): AsyncIterable<Uint8Array> {
  let [at, checksum] = [0, 0];
  try {
    for await (const piece of await zip.openReadStreamPromise(entry)) {
      const bytes = piece as Buffer;
      checksum = crc32(bytes, checksum);
      const [from, to] = [Math.max(0, start - at), Math.min(bytes.length, end - at)];
      if (from < to) yield bytes.subarray(from, to);
      at += bytes.length;
    }
    if (checksum !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} is wrong`);
  } catch (error) {
    throw torchFileError(path, error);
  }
}
