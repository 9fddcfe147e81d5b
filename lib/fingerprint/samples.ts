import { type FileHandle, open } from 'node:fs/promises';
import { type StoredDtype, storedItemSize, type TensorSource } from '../io/tensor-source';
import { samplePlaces } from './places';

/** The largest range, in bytes, whose samples are read at once. */
const readAtOnce = 2 ** 21;

/** Reads samples of tensors and keeps their files open. */
export class SampleReader {
  readonly #files = new Map<string, Promise<FileHandle>>();

  /**
   * Read a sample of a tensor's numbers as float32, regardless of the stored dtype. For packed numbers (MXFP4), read
   * their bytes.
   *
   * @throws errors of the file system
   */
  async read(source: TensorSource): Promise<Buffer> {
    const plain = source.dtype === 'uint8' ? { ...source, scales: undefined, view: [] } : source;
    const positions = samplePlaces(plain as TensorSource);
    const size = storedItemSize[source.dtype];
    const items = await this.#items(
      source,
      positions.map((position) => source.offset + position * size),
      size,
    );
    return widened(items, source.dtype);
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await (await file.catch(() => undefined))?.close();
  }

  /** The concatenated `size` bytes at each offset. */
  async #items({ file, data }: TensorSource, offsets: readonly number[], size: number): Promise<Buffer> {
    const out = Buffer.alloc(offsets.length * size);
    if (data) return gathered(Buffer.from(data.buffer, data.byteOffset, data.byteLength), 0, offsets, size, out);
    if (file === undefined || offsets.length === 0) return out;
    const handle = await this.#open(file);
    let [first, last] = [Number.POSITIVE_INFINITY, 0];
    for (const offset of offsets) [first, last] = [Math.min(first, offset), Math.max(last, offset)];
    if (last + size - first <= readAtOnce) {
      const whole = Buffer.alloc(last + size - first);
      await handle.read(whole, 0, whole.length, first);
      return gathered(whole, first, offsets, size, out);
    }
    await Promise.all(offsets.map((offset, i) => handle.read(out, i * size, size, offset)));
    return out;
  }

  #open(file: string): Promise<FileHandle> {
    const known = this.#files.get(file) ?? open(file);
    this.#files.set(file, known);
    return known;
  }
}

function gathered(from: Buffer, start: number, offsets: readonly number[], size: number, out: Buffer): Buffer {
  for (const [i, offset] of offsets.entries()) from.copy(out, i * size, offset - start, offset - start + size);
  return out;
}

/** Convert to little-endian float32. Widening is exact, so a number has the same bytes for every stored dtype. */
function widened(items: Buffer, dtype: StoredDtype): Buffer {
  const number = numbers[dtype];
  if (!number) return items;
  const size = storedItemSize[dtype];
  const out = Buffer.alloc((items.length / size) * 4);
  for (let i = 0; i * size < items.length; i++) out.writeFloatLE(number(items, i * size), i * 4);
  return out;
}

const bits = new DataView(new ArrayBuffer(4));

function fromBits(value: number): number {
  bits.setUint32(0, value);
  return bits.getFloat32(0);
}

/** The readers of each dtype. Bytes and float32 are used unchanged. */
const numbers: Partial<Record<StoredDtype, (items: Buffer, at: number) => number>> = {
  float64: (items, at) => items.readDoubleLE(at),
  bfloat16: (items, at) => fromBits(items.readUInt16LE(at) * 2 ** 16),
  float16: (items, at) => fromHalf(items.readUInt16LE(at)),
};

/** IEEE 754 binary16: a sign bit, 5 exponent bits and 10 fraction bits. */
function fromHalf(half: number): number {
  const [sign, exponent, fraction] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
