import { type FileHandle, open, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import type { FeatureExamples } from '../graph-file/feature-examples';
import { makeFolder, writeError, writeFileAtomically } from '../io/files';
import { removeLeftovers, temporaryPath } from '../io/temporary-name';
import { indexFile } from './packed-source';

const compression = { level: 9 };

/**
 * Writes packed feature examples, layer by layer, feature by feature, as `PackedFeatures` reads them: `layer_l.bin` of entries,
 * each the length of what follows (uint32, little-endian) and zlib of JSON; and `index.json.gz` of where each begins. The files
 * have other names until `finish`, which puts them in place; `discard` removes them.
 */
export class PackedWriter {
  readonly #folder: string;
  readonly #layers: { filename: string; temporary: string; offsets: number[] }[] = [];
  #file: FileHandle | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws CircuitTracerError `ERR_FILE_WRITE` when the folder can't be made. */
  static async open(folder: string): Promise<PackedWriter> {
    await makeFolder(folder);
    await removeLeftovers(folder);
    return new PackedWriter(folder);
  }

  /** Begin the next layer: 0, 1, and so on. */
  async startLayer(): Promise<void> {
    await this.#file?.close();
    const filename = `layer_${this.#layers.length}.bin`;
    const temporary = temporaryPath(join(this.#folder, filename));
    await this.#touch();
    this.#layers.push({ filename, temporary, offsets: [0] });
    this.#file = await this.#guarded(filename, () => open(temporary, 'wx'));
  }

  /** The next feature of the layer; undefined for one that nothing is known of. */
  async add(feature: FeatureExamples | undefined): Promise<void> {
    const layer = this.#layers.at(-1);
    const end = layer?.offsets.at(-1) ?? 0;
    if (layer === undefined || this.#file === undefined) throw new Error('a layer must be started first');
    if (feature === undefined) {
      layer.offsets.push(end);
      return;
    }
    const packed = await promisify<Buffer, object, Buffer>(deflate)(Buffer.from(JSON.stringify(feature)), compression);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(packed.length);
    const file = this.#file;
    await this.#guarded(layer.filename, () => file.appendFile(Buffer.concat([head, packed])));
    layer.offsets.push(end + 4 + packed.length);
  }

  /** Put all files in place, the index last. */
  async finish(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    const entries = this.#layers.map(({ filename, offsets }, i) => [String(i), { filename, offsets }] as const);
    const index = { ...Object.fromEntries(entries), version: '1.0', format: 'variable_chunks' };
    const packed = await promisify<Buffer, object, Buffer>(gzip)(Buffer.from(JSON.stringify(index)), compression);
    // An index without its files would mislead a reader: the old one goes first.
    await rm(join(this.#folder, indexFile), { force: true });
    for (const { filename, temporary } of this.#layers) {
      await this.#guarded(filename, () => rename(temporary, join(this.#folder, filename)));
    }
    await writeFileAtomically(join(this.#folder, indexFile), packed);
  }

  /** Remove what isn't in place. Idempotent. */
  async discard(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    for (const { temporary } of this.#layers) await rm(temporary, { force: true });
  }

  /** Layers that are done wait for the others, perhaps for days: touched, they aren't taken for abandoned. */
  async #touch(): Promise<void> {
    const now = new Date();
    for (const { temporary } of this.#layers) await utimes(temporary, now, now).catch(() => undefined);
  }

  async #guarded<T>(filename: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw writeError(join(this.#folder, filename), error);
    }
  }
}
