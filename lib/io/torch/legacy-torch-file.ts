import { type FileHandle, open } from 'node:fs/promises';
import { describe } from '../../validate';
import { PickleError } from '../pickle/pickle-bytes';
import { unpickle } from '../pickle/unpickle';
import { torchRules } from './torch-classes';
import { type TorchFile, torchFileError } from './torch-file';
import { type TorchStorage, torchItemSizes } from './torch-tensor';

/**
 * The magic number of files saved before PyTorch 1.6 or with `_use_new_zipfile_serialization=False`: its pickle comes
 * first.
 */
const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
/** The limit for the pickles, which precede the numbers and take a few kilobytes. */
const maxPickleBytes = 16 * 2 ** 20;
const pieceBytes = 2 ** 20;

export function isLegacyTorchFile(start: Buffer): boolean {
  return start.subarray(0, magic.length).equals(magic);
}

/**
 * Open a legacy file. It consists of pickles of the magic number, the protocol, system information, the value and the
 * keys of its storages, followed for each key by the count of numbers (int64) and the numbers.
 */
export async function openLegacyTorchFile(path: string, records: ReadonlySet<string>): Promise<TorchFile> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const head = await readAt(handle, 0, Math.min(size, maxPickleBytes));
    const storages = new Map<string, TorchStorage>();
    const rules = torchRules(records, (storage) => {
      const known = storages.get(storage.key);
      if (known && (known.count !== storage.count || known.dtype !== storage.dtype)) {
        throw new PickleError(`the storage ${storage.key} is described twice with different values`);
      }
      storages.set(storage.key, known ?? storage);
      return known ?? storage;
    });
    const protocol = unpickle(head, rules, magic.length);
    const system = unpickle(head, rules, protocol.end);
    if (protocol.value !== 1001) throw new Error(`expected protocol 1001, found ${describe(protocol.value)}`);
    const { value, end } = unpickle(head, rules, system.end);
    const keys = unpickle(head, rules, end);
    const offsets = await storageOffsets(handle, size, keys.end, keys.value, storages);
    return {
      path,
      value,
      readStorage: (storage, start, stop) =>
        pieces(path, handle, (offsets.get(storage.key) ?? 0) + start, stop - start),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The offset of the numbers of each storage. */
async function storageOffsets(
  handle: FileHandle,
  size: number,
  start: number,
  keys: unknown,
  storages: ReadonlyMap<string, TorchStorage>,
): Promise<Map<string, number>> {
  const offsets = new Map<string, number>();
  let at = start;
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = storages.get(key);
    if (!storage || offsets.has(key)) throw new Error(`the listed storage ${describe(key)} is unknown or repeated`);
    const count = Number((await readAt(handle, at, 8)).readBigInt64LE());
    if (count !== storage.count)
      throw new Error(`expected ${storage.count} numbers in the storage ${key}, found ${count}`);
    offsets.set(key, at + 8);
    at += 8 + count * torchItemSizes[storage.dtype];
    if (at > size) throw new Error('the file is truncated: numbers are missing at its end');
  }
  if (offsets.size === storages.size) return offsets;
  throw new Error('numbers of a tensor are missing');
}

async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
  if (bytesRead < length) throw new Error('the file is truncated');
  return buffer;
}

async function* pieces(path: string, handle: FileHandle, start: number, length: number): AsyncIterable<Uint8Array> {
  try {
    for (let done = 0; done < length; done += pieceBytes) {
      yield await readAt(handle, start + done, Math.min(pieceBytes, length - done));
    }
  } catch (error) {
    throw torchFileError(path, error);
  }
}
