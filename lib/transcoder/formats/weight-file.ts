import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { CircuitTracerError } from '../../errors';
import { readError } from '../../io/files';
import { openNpz } from '../../io/npz';
import { openSafetensors } from '../../io/safetensors';
import { readSafetensorsHeader } from '../../io/safetensors-header';
import type { TensorSource } from '../../io/tensor-source';
import { storedItemSize, viewedShape } from '../../io/tensor-source';

/** A file of transcoder weights. Tensors are read by name, and their shapes are checked. */
export class WeightFile {
  private constructor(
    readonly path: string,
    private readonly tensors: ReadonlyMap<string, TensorSource>,
    /** The tensors of dtypes that cannot be weights. */
    private readonly others: ReadonlyMap<string, { dtype: string; shape: readonly number[] }>,
  ) {}

  /** @param path the path of a `.npz` or safetensors file */
  static async open(path: string): Promise<WeightFile> {
    const { tensors, otherTensors } = await (extname(path) === '.npz' ? openNpz(path) : openSafetensors(path));
    return new WeightFile(path, tensors, otherTensors);
  }

  get names(): string[] {
    return [...this.tensors.keys(), ...this.others.keys()];
  }

  has(name: string): boolean {
    return this.tensors.has(name) || this.others.has(name);
  }

  /** The shape of a tensor; undefined when there is none. */
  shape(name: string): readonly number[] | undefined {
    const tensor = this.tensors.get(name);
    return tensor && viewedShape(tensor);
  }

  /** @param meaning the meaning of the dimensions, for the message: `nFeatures, dModel` */
  take(name: string, shape: readonly number[], meaning: string): TensorSource {
    const tensor = this.tensor(name);
    const found = viewedShape(tensor);
    if (sameShape(found, shape)) return this.checkDtype(name, tensor);
    const transposed = sameShape(found, [...shape].reverse());
    const hint = transposed
      ? ' It seems to be transposed. Use a later revision of these transcoders, or transpose it and save the file again.'
      : '';
    throw this.error(name, `expected shape [${shape.join(', ')}] (${meaning}), found [${found.join(', ')}].${hint}`);
  }

  /** A vector of `length` numbers, or a single number for all. */
  async takeBroadcast(name: string, length: number, meaning: string): Promise<TensorSource> {
    const tensor = this.tensor(name);
    const isOneNumber = tensor.shape.length === 0 || (sameShape(tensor.shape, [1]) && length !== 1);
    if (!isOneNumber) return this.take(name, [length], meaning);
    this.checkDtype(name, tensor);
    const size = storedItemSize[tensor.dtype];
    const element = tensor.data?.subarray(tensor.offset, tensor.offset + size);
    const bytes = element ?? (await this.read(name, tensor.offset, size));
    const data = Buffer.alloc(size * length, bytes);
    const { dtype, checksum } = tensor;
    return { name: tensor.name, data, offset: 0, dtype, shape: [length], view: [], ...(checksum && { checksum }) };
  }

  /** A whole number of 1 or more, stored as one integer in a safetensors file. */
  async takeCount(name: string): Promise<number> {
    const { entries } = await readSafetensorsHeader(this.path);
    const entry = entries.find((candidate) => candidate.name === name);
    if (!entry || !['I64', 'I32'].includes(entry.dtype) || entry.shape.some((size) => size !== 1)) {
      throw this.error(name, `expected one I64 or I32 integer, found ${entry?.dtype} [${entry?.shape.join(', ')}]`);
    }
    const bytes = await this.read(name, entry.begin, entry.end - entry.begin);
    const count = entry.dtype === 'I64' ? Number(bytes.readBigInt64LE()) : bytes.readInt32LE();
    if (Number.isSafeInteger(count) && count >= 1) return count;
    throw this.error(name, `expected a whole number of 1 or more, found ${count}`);
  }

  private tensor(name: string): TensorSource {
    const tensor = this.tensors.get(name);
    if (tensor) return tensor;
    const other = this.others.get(name);
    if (other) throw this.wrongDtype(name, other.dtype);
    const found = this.names.slice(0, 12).join(', ') || 'no tensors at all';
    throw this.error(name, `expected this tensor, found ${found}`);
  }

  private checkDtype(name: string, tensor: TensorSource): TensorSource {
    if (tensor.dtype !== 'uint8') return tensor;
    throw this.wrongDtype(name, tensor.dtype);
  }

  private wrongDtype(name: string, dtype: string): CircuitTracerError {
    return this.error(name, `expected dtype float64, float32, float16 or bfloat16, found ${dtype}`);
  }

  private async read(name: string, offset: number, length: number): Promise<Buffer> {
    try {
      await using handle = await open(this.path, 'r');
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      if (bytesRead === length) return bytes;
    } catch (error) {
      throw readError(this.path, error);
    }
    throw this.error(name, 'the file is truncated: numbers are missing at its end');
  }

  private error(name: string, problem: string): CircuitTracerError {
    const end = problem.endsWith('.') ? '' : '.';
    return new CircuitTracerError('ERR_WEIGHT', `${name} in ${this.path}: ${problem}${end}`);
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, dim) => size === b[dim]);
}
