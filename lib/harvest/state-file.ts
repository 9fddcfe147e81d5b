import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { CircuitTracerError } from '../errors';
import { fileExists, readError, writeFileAtomically } from '../io/files';
import { isObject } from '../is-object';
import { parseJson } from '../json';
import { areAlike, type KnownActivation } from './known-activations';
import { longestLineTokens, type Place } from './place-heap';
import { type FeatureTally, Tallies, type TallySizes } from './tally';

/** The position to resume reading the text. All documents before it are done. */
export interface TextPlace {
  readonly line: number;
  readonly start: number;
}

/** The collected data and the position to resume from. */
export interface HarvestState {
  readonly tallies: Tallies;
  readonly next: TextPlace;
  /** Whether the whole corpus has been processed. */
  readonly complete: boolean;
}

const magic = 'circuit-tracer harvest 2\n';
/**
 * The size of a position in the file: value, line, position and token as 32 bits each, and the document as a double.
 */
const placeBytes = 24;
/**
 * The size of a feature: layer, feature and two counts of positions as 32 bits each, and count, max and min as doubles.
 */
const featureBytes = 40;
/** The size limit of the JSON line, without the identity in it. */
const headBytes = 16_384;
/** The size of the checksum, the SHA-256 of everything before it. */
const checksumBytes = 32;

/** The values that must be equal for a later harvest to resume. */
export interface HarvestIdentity {
  /** The text, model, transcoders and options in one string. */
  readonly key: string;
  /** The activations that identify the weights, which the key does not cover. */
  readonly activations: readonly KnownActivation[];
}

/** The limits of a harvest. */
export interface HarvestLimits extends TallySizes {
  /** The number of features of each layer. */
  readonly nFeatures: readonly number[];
  readonly dVocab: number;
}

/** Write the state: a magic line, a line of JSON, features and their positions, and a checksum. */
export async function saveState(path: string, identity: HarvestIdentity, state: HarvestState): Promise<void> {
  const { tallies, next, complete } = state;
  const features = [...tallies.entries()];
  const { key, activations } = identity;
  const head = { key, activations, next, complete, tokens: tallies.tokens, features: features.length };
  await writeFileAtomically(path, async (handle) => {
    const checksum = createHash('sha256');
    const append = async (bytes: Buffer) => {
      checksum.update(bytes);
      await handle.appendFile(bytes);
    };
    await append(Buffer.from(`${magic}${JSON.stringify(head)}\n`));
    for (const [layer, feature, tally] of features) await append(featureRecord(layer, feature, tally));
    await handle.appendFile(checksum.digest());
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
 * Read the state of an earlier harvest; undefined when there is none.
 *
 * @throws CircuitTracerError `ERR_FILE_READ`; `ERR_FILE_FORMAT` for the state of another harvest, and for any change to
 * the bytes that `saveState` wrote.
 */
export async function loadState(
  path: string,
  identity: HarvestIdentity,
  limits: HarvestLimits,
): Promise<HarvestState | undefined> {
  if (!(await fileExists(path))) return undefined;
  const handle = await open(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  const file = new StateReader(handle);
  try {
    const maxHeadBytes = Buffer.byteLength(JSON.stringify(identity.key)) + headBytes;
    // Checked before anything is read, because a sparse file can have any size without using disk space.
    if ((await handle.stat()).size > maxStateBytes(maxHeadBytes, limits)) throw new Unusable('the file is too large');
    if ((await file.line(magic.length)) !== magic.trimEnd())
      throw new Unusable('the file is damaged or has another version');
    const head = parsed(await file.line(maxHeadBytes));
    if (head?.key !== identity.key)
      throw new Unusable('it belongs to another harvest, with another text or model, or other options');
    if (!areAlike(head.activations, identity.activations)) throw new Unusable('the weights have changed since then');
    const state = checkedHead(head, limits);
    for (let i = 0; i < Number(head.features); i++) await readFeature(file, state.tallies, limits);
    await file.end();
    return state;
  } catch (error) {
    throw error instanceof Unusable ? unusable(path, error.message) : readError(path, error);
  } finally {
    await file.close();
  }
}

function maxStateBytes(maxHeadBytes: number, { nFeatures, candidates, sample }: HarvestLimits): number {
  const features = nFeatures.reduce((sum, count) => sum + count, 0);
  const maxFeatureBytes = featureBytes + (candidates + sample) * placeBytes;
  return magic.length + maxHeadBytes + features * maxFeatureBytes + checksumBytes;
}

/** Create the state of a head, whose features are read later. */
function checkedHead(
  { next, complete, tokens, features }: Record<string, unknown>,
  limits: HarvestLimits,
): HarvestState {
  const { line, start } = isObject(next) ? next : {};
  requireSound([line, start, tokens, features].every(isCount) && typeof complete === 'boolean');
  const tallies = new Tallies(limits);
  tallies.tokens = tokens as number;
  return { tallies, next: { line, start } as TextPlace, complete: complete as boolean };
}

async function readFeature(file: StateReader, tallies: Tallies, limits: HarvestLimits): Promise<void> {
  const head = await file.take(featureBytes);
  const [layer = 0, feature = 0, top = 0, sample = 0] = [0, 4, 8, 12].map((offset) => head.readUInt32LE(offset));
  const [count = 0, max = 0, min = 0] = [16, 24, 32].map((offset) => head.readDoubleLE(offset));
  requireSound(feature < (limits.nFeatures[layer] ?? 0) && tallies.find(layer, feature) === undefined);
  // All positions are kept as the strongest until there are more. From then on, some are also sampled.
  const sampled = count > limits.candidates ? Math.min(count, limits.sample) : 0;
  requireSound(isCount(count) && count > 0 && count <= tallies.tokens);
  requireSound(top === Math.min(count, limits.candidates) && sample === sampled);
  requireSound(Number.isFinite(min) && Number.isFinite(max) && min <= max);
  const bytes = await file.take((top + sample) * placeBytes);
  const places = Array.from({ length: top + sample }, (_, i) => readPlace(bytes, i * placeBytes));
  requireSound(places.every((place) => isPlace(place, limits) && place.value >= min && place.value <= max));
  const tally = tallies.of(layer, feature);
  tally.restore(places.slice(0, top), sample > 0 ? places.slice(top) : undefined);
  Object.assign(tally, { count, max, min });
}

function isPlace({ position, token, document }: Place, { dVocab }: HarvestLimits): boolean {
  return position < longestLineTokens && token < dVocab && isCount(document);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function requireSound(isSound: boolean): void {
  if (!isSound) throw new Unusable('the file is damaged');
}

/** The reason why a state cannot be used. */
class Unusable extends Error {}

/** Reads a state sequentially and in pieces, because it can exceed the maximum size of a buffer. */
class StateReader {
  readonly #file: FileHandle;
  readonly #checksum = createHash('sha256');
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Read up to the next line break, which must come within `longest` bytes. */
  async line(longest: number): Promise<string> {
    while (this.#bytes.indexOf(10) < 0 && this.#bytes.length < longest) await this.#readMore(longest);
    const end = this.#bytes.indexOf(10);
    requireSound(end >= 0 && end < longest);
    return (await this.take(end + 1)).toString('utf8', 0, end);
  }

  async take(length: number): Promise<Buffer> {
    const taken = await this.#take(length);
    this.#checksum.update(taken);
    return taken;
  }

  /** Check that the remaining bytes are the checksum of all bytes read. */
  async end(): Promise<void> {
    const expected = this.#checksum.digest();
    requireSound((await this.#take(checksumBytes)).equals(expected) && this.#bytes.length === 0);
    const { bytesRead } = await this.#file.read(Buffer.alloc(1), 0, 1);
    requireSound(bytesRead === 0);
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await this.#readMore(Math.max(2 ** 20, length - this.#bytes.length));
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async #readMore(length: number): Promise<void> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length);
    if (bytesRead === 0) throw new Unusable('the file is truncated');
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
    `The saved state ${path} of an interrupted harvest cannot be used: ${problem}. Delete it, or use another output folder.`,
  );
}
