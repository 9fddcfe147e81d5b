import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, unzip } from 'node:zlib';
import { CircuitTracerError } from '../errors';
import { cantorPair } from '../graph-file/cantor';
import { type FeatureExamples, findProblem } from '../graph-file/feature-examples';
import { fileExists } from '../io/files';
import { isObject } from '../is-object';
import { type JsonLimits, parseJson } from '../json';
import { FolderSource, indexFile, largestIndex, type PackedSource } from './packed-source';

/** The limit for the unpacked examples of a feature. */
const maxFeatureBytes = 64 * 2 ** 20;

/** The index holds a list of numbers for each layer; a feature holds quantiles of examples of lists. */
const [indexLimits, featureLimits] = [{ maxDepth: 8 }, { maxDepth: 16, maxMemory: 2 ** 27 }];

interface LayerIndex {
  readonly filename: string;
  /** [F + 1] the offset of each feature's entry, and the end of the last one. Equal neighbours mean no examples. */
  readonly offsets: readonly number[];
}

/**
 * Feature examples packed into one file per layer, from which pages read ranges. `index.json.gz` contains the file of
 * each layer and the offset of each feature's entry. An entry is a length (uint32, little-endian), followed by a gzip
 * or zlib stream of JSON of that length.
 *
 * Entries are read on demand. The caller must close it.
 */
export class PackedFeatures {
  /** The folder of the files. */
  readonly directory: string;
  readonly #source: PackedSource;
  readonly #layers: ReadonlyMap<number, LayerIndex>;

  private constructor(source: PackedSource, layers: ReadonlyMap<number, LayerIndex>) {
    this.directory = source.folder;
    this.#source = source;
    this.#layers = layers;
  }

  /**
   * @param folder the folder with `index.json.gz`: `featuresDirectory` of a model, which is undefined when its transcoders
   * have no examples
   * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT` for an invalid index.
   */
  static async open(folder: string | undefined): Promise<PackedFeatures> {
    if (folder !== undefined) return PackedFeatures.from(new FolderSource(folder));
    throw new CircuitTracerError(
      'ERR_FILE_NOT_FOUND',
      'Expected a folder of packed examples, found undefined. These transcoders have no examples. Create them with harvestFeatures.',
    );
  }

  /** @internal */
  static async from(source: PackedSource): Promise<PackedFeatures> {
    const where = source.nameOf(indexFile);
    const text = await unpack(where, await source.index(), gunzip, largestIndex);
    return new PackedFeatures(source, parseIndex(where, text));
  }

  /** The layers that have examples, in ascending order. */
  get layers(): number[] {
    return [...this.#layers.keys()].sort((a, b) => a - b);
  }

  /** The number of features of a layer, with or without examples; 0 for a layer that does not exist. */
  count(layer: number): number {
    return Math.max(0, (this.#layers.get(layer)?.offsets.length ?? 0) - 1);
  }

  /**
   * The examples of one feature; undefined when there are none.
   *
   * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT` for an invalid entry.
   */
  async read(layer: number, feature: number): Promise<FeatureExamples | undefined> {
    const index = this.#layers.get(layer);
    const [start, end] = [index?.offsets[feature], index?.offsets[feature + 1]];
    if (index === undefined || start === undefined || end === undefined || start === end) return undefined;
    const where = `${this.#source.nameOf(index.filename)}, feature ${feature}`;
    if (end - start > maxFeatureBytes) throw broken(where, `an entry of ${end - start} bytes is too large`);
    const entry = await this.#source.range(index.filename, start, end);
    const length = entry.length < 4 ? Number.NaN : entry.readUInt32LE(0);
    if (!(length <= entry.length - 4)) throw broken(where, 'the entry is truncated');
    const text = await unpack(where, entry.subarray(4, 4 + length), unzip, maxFeatureBytes);
    const value = parse(where, text, featureLimits);
    const problem = findProblem(value) ?? wrongFeature((value as FeatureExamples).index, layer, feature);
    if (problem !== undefined) throw broken(where, problem);
    return value as FeatureExamples;
  }

  /** Close the files. May be called more than once. */
  close(): Promise<void> {
    return this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Check the index in an entry: an offset too few or too many would return the examples of another feature. Some sets
 * number features as pages do, by pairing layer and index.
 */
function wrongFeature(index: number, layer: number, feature: number): string | undefined {
  if (index === feature || index === cantorPair(layer, feature)) return undefined;
  return `the entry belongs to feature ${index}, so the index does not match the file`;
}

/** The folder of packed examples that comes with a folder of transcoders; undefined when there is none. */
export async function findFeatures(transcoderDir: string): Promise<string | undefined> {
  const folder = join(transcoderDir, 'features');
  return (await fileExists(join(folder, indexFile))) ? folder : undefined;
}

function parseIndex(path: string, text: Buffer): Map<number, LayerIndex> {
  const index = parse(path, text, indexLimits);
  if (!isObject(index)) throw broken(path, 'the index must be an object');
  const layers = new Map<number, LayerIndex>();
  for (const [layer, entry] of Object.entries(index)) {
    if (!/^\d+$/.test(layer)) continue;
    if (!isLayerIndex(entry)) {
      throw broken(path, `layer ${layer} must have a filename in the same folder and ascending offsets`);
    }
    layers.set(Number(layer), entry);
  }
  return layers;
}

function isLayerIndex(entry: unknown): entry is LayerIndex {
  if (!isObject(entry)) return false;
  const { filename, offsets } = entry;
  if (typeof filename !== 'string' || filename !== basename(filename) || /^\.*$|[\\\0]/.test(filename)) return false;
  if (!Array.isArray(offsets)) return false;
  return offsets.every((offset, i) => Number.isSafeInteger(offset) && offset >= (i === 0 ? 0 : offsets[i - 1]));
}

type Unpacker = typeof gunzip | typeof unzip;

async function unpack(where: string, packed: Buffer, unpacker: Unpacker, maxOutputLength: number): Promise<Buffer> {
  try {
    return await promisify<Buffer, { maxOutputLength: number }, Buffer>(unpacker)(packed, { maxOutputLength });
  } catch (cause) {
    throw broken(where, `it cannot be unpacked (${(cause as Error).message})`, cause);
  }
}

function parse(where: string, text: Buffer, limits: JsonLimits): unknown {
  try {
    return parseJson(text.toString('utf8'), limits);
  } catch (cause) {
    throw broken(where, `it is not JSON (${(cause as Error).message})`, cause);
  }
}

function broken(where: string, problem: string, cause?: unknown): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `Invalid packed feature examples in ${where}: ${problem}. Download or pack them again.`,
    { cause },
  );
}
