import { type FileHandle, open } from 'node:fs/promises';
import { type StoredDtype, storedItemSize, type TensorSource } from '../io/tensor-source';
import { samplePlaces } from './places';

/** Samples that lie within so many bytes are read at once. */
const readAtOnce = 2 ** 21;

/** Reads samples of tensors, and keeps their files open meanwhile. */
export class SampleReader {
  readonly #files = new Map<string, Promise<FileHandle>>();

  /**
   * A sample of a tensor's numbers as float32, whatever dtype they are stored in; of packed numbers (MXFP4) their bytes.
   *
   * @throws what the file system reports
   */
  async read(source: TensorSource): Promise<Buffer> {
    const plain = source.dtype === 'uint8' ? { ...source, scales: undefined, view: [] } : source;
    const places = samplePlaces(plain as TensorSource);
    const size = storedItemSize[source.dtype];
    const items = await this.#items(
      source,
      places.map((place) => source.offset + place * size),
      size,
    );
    return widened(items, source.dtype);
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await (await file.catch(() => undefined))?.close();
  }

  /** The `size` bytes at each offset, one after another. */
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

/** Little-endian float32 of each number: widening is exact, so both dtypes of one number give the same bytes. */
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

/** Bytes and float32 are taken as they are. */
const numbers: Partial<Record<StoredDtype, (items: Buffer, at: number) => number>> = {
  float64: (items, at) => items.readDoubleLE(at),
  bfloat16: (items, at) => fromBits(items.readUInt16LE(at) * 2 ** 16),
  float16: (items, at) => fromHalf(items.readUInt16LE(at)),
};

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(half: number): number {
  const [sign, exponent, fraction] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
