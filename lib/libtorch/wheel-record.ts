import type { Entry, ZipFile } from 'yauzl';
import { CircuitTracerError } from '../errors';
import { openZip } from '../io/zip-file';

/** What a wheel says about itself. */
export interface WheelInfo {
  /** The names of all its entries. */
  readonly names: readonly string[];
  readonly metadata: Buffer;
  /** The sha256 of each file in base64, by its name in the wheel. */
  readonly hashes: ReadonlyMap<string, string>;
}

const largestRecord = 2 ** 26;

/** Whether an entry of a wheel is one of those that {@link readWheelInfo} reads. */
export function isWheelInfo(name: string): boolean {
  return /^[^/]+\.dist-info\/(METADATA|RECORD)$/.test(name);
}

/**
 * Read METADATA and RECORD of a wheel.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` when it is no sound wheel.
 */
export async function readWheelInfo(wheel: string): Promise<WheelInfo> {
  let zip: ZipFile | undefined;
  try {
    zip = await openZip(wheel);
    const names: string[] = [];
    const texts = new Map<string, Buffer>();
    for await (const entry of zip.eachEntry()) {
      names.push(entry.fileName);
      if (isWheelInfo(entry.fileName)) texts.set(entry.fileName.replace(/^.*\//, ''), await contentOf(zip, entry));
    }
    const [metadata, record] = [texts.get('METADATA'), texts.get('RECORD')];
    if (!metadata || !record) throw new Error('it has no METADATA or no RECORD');
    return { names, metadata, hashes: parseRecord(record.toString('utf8')) };
  } catch (error) {
    throw new CircuitTracerError('ERR_FILE_FORMAT', `The wheel ${wheel} is damaged: ${(error as Error).message}.`, {
      cause: error,
    });
  } finally {
    zip?.close();
  }
}

async function contentOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  if (entry.uncompressedSize > largestRecord) throw new Error(`${entry.fileName} has ${entry.uncompressedSize} bytes`);
  const parts: Buffer[] = [];
  for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The checksums in a RECORD: lines of `name,sha256=…,size`, with quotes around a name that has a comma. */
function parseRecord(text: string): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, quoted, simple, hash] = /^(?:"((?:[^"]|"")*)"|([^,]*)),sha256=([\w-]+)=*,/.exec(line) ?? [];
    const name = quoted?.replaceAll('""', '"') ?? simple;
    if (name && hash) hashes.set(name, hash);
  }
  return hashes;
}
