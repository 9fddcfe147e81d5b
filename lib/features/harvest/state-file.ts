import { type FileHandle, open } from 'node:fs/promises';
import { CircuitTracerError } from '../../errors';
import { fileExists, isObject, readError, writeFileAtomically } from '../../io/files';
import { parseJson } from '../../io/json';
import type { Place } from './place-heap';
import { type FeatureTally, Tallies, type TallySizes } from './tally';

/** Where a text is to be read on: documents before this are done. */
export interface TextPlace {
  readonly line: number;
  readonly start: number;
}

/** What has been gathered, and from where to go on. */
export interface HarvestState {
  readonly tallies: Tallies;
  readonly next: TextPlace;
  /** Nothing more to gather. */
  readonly complete: boolean;
}

const magic = 'circuit-tracer harvest 1\n';
/** Of a place in the file: value, line, position, token as 32 bits, the document as a double. */
const placeBytes = 24;
/** Of a feature: layer, feature, two counts of places as 32 bits; count, max, min as doubles. */
const featureBytes = 40;

/**
 * Write the state: a line of what it belongs to, a line of JSON, then features and their places.
 *
 * @param identity what must be the same for a later harvest to go on from here
 */
export async function saveState(path: string, identity: string, state: HarvestState): Promise<void> {
  const { tallies, next, complete } = state;
  const features = [...tallies.entries()];
  const head = { identity, next, complete, tokens: tallies.tokens, features: features.length };
  await writeFileAtomically(path, async (handle) => {
    await handle.appendFile(`${magic}${JSON.stringify(head)}\n`);
    for (const [layer, feature, tally] of features) await handle.appendFile(featureRecord(layer, feature, tally));
  });
}

function featureRecord(layer: number, feature: number, tally: FeatureTally): Buffer {
  const { count, max, min, top } = tally;
  const sample = tally.hasOwnSample ? tally.sample : [];
  const places = [...top, ...sample];
  const bytes = Buffer.alloc(featureBytes + places.length * placeBytes);
  for (const [i, value] of [layer, feature, top.length, sample.length].entries()) bytes.writeUInt32LE(value, 4 * i);
  for (const [i, value] of [count, max, min].entries()) bytes.writeDoubleLE(value, 16 + 8 * i);
  for (const [i, place] of places.entries()) writePlace(bytes, featureBytes + i * placeBytes, place);
  return bytes;
}

function writePlace(bytes: Buffer, at: number, { value, line, position, token, document }: Place): void {
  bytes.writeFloatLE(value, at);
  for (const [i, number] of [line, position, token].entries()) bytes.writeUInt32LE(number, at + 4 + 4 * i);
  bytes.writeDoubleLE(document, at + 16);
}

function readPlace(bytes: Buffer, at: number): Place {
  return {
    value: bytes.readFloatLE(at),
    line: bytes.readUInt32LE(at + 4),
    position: bytes.readUInt32LE(at + 8),
    token: bytes.readUInt32LE(at + 12),
    document: bytes.readDoubleLE(at + 16),
  };
}

/**
 * The state an earlier harvest left; undefined when there is none.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` for one of another harvest, or a broken one.
 */
export async function loadState(path: string, identity: string, sizes: TallySizes): Promise<HarvestState | undefined> {
  if (!(await fileExists(path))) return undefined;
  const file = new BufferedFile(await open(path));
  try {
    if ((await file.line()) !== magic.trimEnd()) throw unusable(path, 'it is damaged');
    const head = parsed(await file.line());
    if (head?.identity !== identity)
      throw unusable(path, 'it is of another harvest: another text, model or other options');
    const tallies = new Tallies(sizes);
    tallies.tokens = Number(head.tokens);
    for (let i = 0; i < Number(head.features); i++) await readFeature(file, tallies);
    return { tallies, next: head.next as TextPlace, complete: head.complete === true };
  } catch (error) {
    throw error instanceof CutShort ? unusable(path, 'it is cut short') : readError(path, error);
  } finally {
    await file.close();
  }
}

async function readFeature(file: BufferedFile, tallies: Tallies): Promise<void> {
  const head = await file.take(featureBytes);
  const [layer = 0, feature = 0, top = 0, sample = 0] = [0, 4, 8, 12].map((offset) => head.readUInt32LE(offset));
  const tally = tallies.of(layer, feature);
  const bytes = await file.take((top + sample) * placeBytes);
  const places = Array.from({ length: top + sample }, (_, i) => readPlace(bytes, i * placeBytes));
  tally.restore(places.slice(0, top), sample > 0 ? places.slice(top) : undefined);
  tally.count = head.readDoubleLE(16);
  tally.max = head.readDoubleLE(24);
  tally.min = head.readDoubleLE(32);
}

class CutShort extends Error {}

/** Reads a file from front to back, some of it at a time: states can be larger than a buffer may be. */
class BufferedFile {
  readonly #file: FileHandle;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async line(): Promise<string> {
    let end = this.#bytes.indexOf(10);
    while (end < 0) {
      await this.#more(2 ** 16);
      end = this.#bytes.indexOf(10);
    }
    return (await this.take(end + 1)).toString('utf8', 0, end);
  }

  async take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await this.#more(Math.max(2 ** 20, length - this.#bytes.length));
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async #more(length: number): Promise<void> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length);
    if (bytesRead === 0) throw new CutShort();
    this.#bytes = Buffer.concat([this.#bytes, buffer.subarray(0, bytesRead)]);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = parseJson(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function unusable(path: string, problem: string): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${path} is what an interrupted harvest left, and ${problem}. Delete it, or harvest into another folder.`,
  );
}
