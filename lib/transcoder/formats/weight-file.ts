import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { CircuitTracerError } from '../../errors';
import { openNpz } from '../../io/npz';
import { openSafetensors } from '../../io/safetensors';
import type { TensorSource } from '../../io/tensor-source';
import { storedItemSize } from '../../io/tensor-source';

/** One file of transcoder weights; tensors are taken by name, and their shapes checked as they are taken. */
export class WeightFile {
  private constructor(
    readonly path: string,
    private readonly tensors: ReadonlyMap<string, TensorSource>,
  ) {}

  /** @param path of a `.npz` or else a safetensors file */
  static async open(path: string): Promise<WeightFile> {
    const tensors = extname(path) === '.npz' ? await openNpz(path) : (await openSafetensors(path)).tensors;
    return new WeightFile(path, tensors);
  }

  get names(): string[] {
    return [...this.tensors.keys()];
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** Shape as stored; undefined when there is no such tensor. */
  shape(name: string): readonly number[] | undefined {
    return this.tensors.get(name)?.shape;
  }

  /** Length of a vector that must be there and not be empty. */
  vectorLength(name: string, meaning: string): number {
    const { shape } = this.tensor(name);
    const length = shape[0] ?? 0;
    if (shape.length === 1 && length > 0) return length;
    throw this.error(name, `expected shape [${meaning}], found [${shape.join(', ')}]`);
  }

  /** @param meaning of the dimensions, for the message: `nFeatures, dModel` */
  take(name: string, shape: readonly number[], meaning: string): TensorSource {
    const tensor = this.tensor(name);
    if (sameShape(tensor.shape, shape)) return this.checkDtype(name, tensor);
    const transposed = sameShape(tensor.shape, [...shape].reverse());
    const hint = transposed
      ? ' It looks transposed: use a later revision of these transcoders, or transpose it and save the file again.'
      : '';
    throw this.error(
      name,
      `expected shape [${shape.join(', ')}] (${meaning}), found [${tensor.shape.join(', ')}].${hint}`,
    );
  }

  /** A vector of `length`, or one number that stands for all. */
  async takeBroadcast(name: string, length: number, meaning: string): Promise<TensorSource> {
    const tensor = this.tensor(name);
    const isOneNumber = tensor.shape.length === 0 || (sameShape(tensor.shape, [1]) && length !== 1);
    if (!isOneNumber) return this.take(name, [length], meaning);
    this.checkDtype(name, tensor);
    const element = await this.firstBytes(tensor, storedItemSize[tensor.dtype]);
    const data = Buffer.alloc(element.length * length, element);
    return { name: tensor.name, data, offset: 0, dtype: tensor.dtype, shape: [length], view: [] };
  }

  /** A whole number of 1 or more, stored as one 64-bit or 32-bit integer. */
  async takeCount(name: string): Promise<number> {
    const tensor = this.tensor(name);
    const dtype: string = tensor.dtype;
    const wide = /^(i|int)64$/i.test(dtype);
    if ((!wide && !/^(i|int)32$/i.test(dtype)) || tensor.shape.some((size) => size !== 1)) {
      throw this.error(name, `expected one integer, found ${dtype} [${tensor.shape.join(', ')}]`);
    }
    const bytes = await this.firstBytes(tensor, wide ? 8 : 4);
    const count = wide ? Number(bytes.readBigInt64LE(0)) : bytes.readInt32LE(0);
    if (Number.isSafeInteger(count) && count >= 1) return count;
    throw this.error(name, `expected a whole number of 1 or more, found ${count}`);
  }

  private tensor(name: string): TensorSource {
    const tensor = this.tensors.get(name);
    if (tensor) return tensor;
    const found = this.names.slice(0, 12).join(', ') || 'no tensors at all';
    throw this.error(name, `expected this tensor, found ${found}`);
  }

  private checkDtype(name: string, tensor: TensorSource): TensorSource {
    if (tensor.dtype in storedItemSize && tensor.dtype !== 'uint8') return tensor;
    throw this.error(name, `expected dtype float64, float32, float16 or bfloat16, found ${tensor.dtype}`);
  }

  private async firstBytes(tensor: TensorSource, count: number): Promise<Buffer> {
    if (tensor.data) return Buffer.from(tensor.data.subarray(tensor.offset, tensor.offset + count));
    const handle = await open(this.path, 'r');
    try {
      const bytes = Buffer.alloc(count);
      const { bytesRead } = await handle.read(bytes, 0, count, tensor.offset);
      if (bytesRead === count) return bytes;
      throw this.error(tensor.name, 'the file ends before its numbers do');
    } finally {
      await handle.close();
    }
  }

  private error(name: string, problem: string): CircuitTracerError {
    const end = problem.endsWith('.') ? '' : '.';
    return new CircuitTracerError('ERR_WEIGHT', `${name} in ${this.path}: ${problem}${end}`);
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, dim) => size === b[dim]);
}
