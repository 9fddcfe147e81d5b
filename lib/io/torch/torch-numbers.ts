import { PickleError } from '../pickle/pickle-bytes';
import { type TorchFile, tensorBytes } from './torch-file';
import { type TorchDtype, type TorchTensor, torchItemSizes } from './torch-tensor';

/** Readers for one element. All types but 64-bit integers fit a double exactly. */
const readers: Readonly<Record<TorchDtype, (view: DataView, at: number) => number>> = {
  float64: (view, at) => view.getFloat64(at, true),
  float32: (view, at) => view.getFloat32(at, true),
  float16: (view, at) => halfToNumber(view.getUint16(at, true)),
  bfloat16: (view, at) => bfloatToNumber(view.getUint16(at, true)),
  int64: (view, at) => Number(view.getBigInt64(at, true)),
  int32: (view, at) => view.getInt32(at, true),
  int16: (view, at) => view.getInt16(at, true),
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  bool: (view, at) => view.getUint8(at),
};

const bits = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function bfloatToNumber(half: number): number {
  bits.setUint32(0, half << 16);
  return bits.getFloat32(0);
}

/** IEEE 754 binary16: a sign bit, 5 exponent bits and 10 fraction bits. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Read the single number in `bytes`. */
export function readNumber(bytes: Buffer, dtype: TorchDtype): number {
  return readers[dtype](new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
}

/**
 * Read the numbers of a tensor in row-major order and pass them on in chunks: `take(values, at)` with the index of the
 * first value. float32 passes through without conversion. Chunks are views that are valid only during the call.
 */
export async function forEachStretch(
  file: TorchFile,
  tensor: TorchTensor,
  take: (values: Float32Array | readonly number[], at: number) => void,
): Promise<void> {
  const itemSize = torchItemSizes[tensor.dtype];
  let rest: Uint8Array = new Uint8Array(0);
  let at = 0;
  for await (const piece of tensorBytes(file, tensor, itemSize)) {
    // Pieces may end within a number. Copying also aligns them.
    const bytes = Buffer.concat([rest, piece]);
    const count = Math.floor(bytes.length / itemSize);
    take(decodeNumbers(bytes, count, tensor.dtype), at);
    at += count;
    rest = bytes.subarray(count * itemSize);
  }
  if (at !== tensor.count) throw new PickleError(`expected ${tensor.count} numbers in a tensor, found ${at}`);
}

function decodeNumbers(bytes: Buffer, count: number, dtype: TorchDtype): Float32Array | number[] {
  if (dtype === 'float32') {
    const aligned = new Uint8Array(count * 4);
    aligned.set(bytes.subarray(0, count * 4));
    return new Float32Array(aligned.buffer);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read = readers[dtype];
  return Array.from({ length: count }, (_, i) => read(view, i * torchItemSizes[dtype]));
}

/** Read all numbers of a tensor as float32. */
export async function readFloats(file: TorchFile, tensor: TorchTensor): Promise<Float32Array> {
  const out = new Float32Array(tensor.count);
  await forEachStretch(file, tensor, (values, at) => out.set(values, at));
  return out;
}

/**
 * Read all numbers of a tensor of integers.
 *
 * @throws PickleError for a number that is not an integer of at most 32 bits.
 */
export async function readIntegers(file: TorchFile, tensor: TorchTensor): Promise<Int32Array> {
  const out = new Int32Array(tensor.count);
  await forEachStretch(file, tensor, (values, at) => {
    const bad = values.find((value) => (value | 0) !== value);
    if (bad !== undefined) throw new PickleError(`expected a tensor of 32-bit integers, found ${bad}`);
    out.set(values, at);
  });
  return out;
}
