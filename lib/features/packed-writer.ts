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
 * Writes packed feature examples for `PackedFeatures`, layer by layer and feature by feature. `layer_l.bin` contains
 * the entries, each a length (uint32, little-endian) and a zlib stream of JSON. `index.json.gz` contains their offsets.
 * The files have temporary names until `finish` renames them; `discard` removes them.
 */
export class PackedWriter {
  readonly #folder: string;
  readonly #layers: { filename: string; temporary: string; offsets: number[] }[] = [];
  #file: FileHandle | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws CircuitTracerError `ERR_FILE_WRITE` when the folder cannot be created. */
  static async open(folder: string): Promise<PackedWriter> {
    await makeFolder(folder);
    await removeLeftovers(folder);
    return new PackedWriter(folder);
  }

  /** Start the next layer: 0, 1, and so on. */
  async startLayer(): Promise<void> {
    await this.#file?.close();
    const filename = `layer_${this.#layers.length}.bin`;
    const temporary = temporaryPath(join(this.#folder, filename));
    await this.#touch();
    this.#layers.push({ filename, temporary, offsets: [0] });
    this.#file = await this.#guarded(filename, () => open(temporary, 'wx'));
  }

  /** Add the next feature of the layer; undefined for a feature without examples. */
  async add(feature: FeatureExamples | undefined): Promise<void> {
    const layer = this.#layers.at(-1);
    const end = layer?.offsets.at(-1) ?? 0;
    if (layer === undefined || this.#file === undefined) throw new Error('startLayer must be called first');
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

  /** Rename all files to their final names, the index last. */
  async finish(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    const entries = this.#layers.map(({ filename, offsets }, i) => [String(i), { filename, offsets }] as const);
    const index = { ...Object.fromEntries(entries), version: '1.0', format: 'variable_chunks' };
    const packed = await promisify<Buffer, object, Buffer>(gzip)(Buffer.from(JSON.stringify(index)), compression);
    // The old index is removed first, because an index without its files would mislead a reader.
    await rm(join(this.#folder, indexFile), { force: true });
    for (const { filename, temporary } of this.#layers) {
      await this.#guarded(filename, () => rename(temporary, join(this.#folder, filename)));
    }
    await writeFileAtomically(join(this.#folder, indexFile), packed);
  }

  /** Remove files that were not renamed. May be called more than once. */
  async discard(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    for (const { temporary } of this.#layers) await rm(temporary, { force: true });
  }

  /**
   * Update the modification times of finished layers. They may wait for the others for days, and would otherwise count
   * as abandoned.
   */
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
