import { PickleError } from '../pickle/pickle-bytes';
import { PickleObject } from '../pickle/unpickle';
import { readNumber } from './torch-numbers';
import { type TorchDtype, torchItemSizes } from './torch-tensor';

/** NumPy's dtype codes: a kind and a size in bytes. */
const dtypes: Readonly<Record<string, TorchDtype>> = {
  f8: 'float64',
  f4: 'float32',
  f2: 'float16',
  i8: 'int64',
  i4: 'int32',
  i2: 'int16',
  i1: 'int8',
  u1: 'uint8',
  b1: 'bool',
};

class NumpyDtype extends PickleObject {
  readonly dtype: TorchDtype;

  constructor(dtype: TorchDtype) {
    super();
    this.dtype = dtype;
  }

  /** Set the state: `(version, byte order, ...)`. The remaining entries are for structured dtypes. */
  setState(state: unknown): void {
    const order = Array.isArray(state) ? state[1] : undefined;
    if (order !== '<' && order !== '|') throw new PickleError('a NumPy number is not little-endian (opcode BUILD)');
  }
}

/**
 * Builders for NumPy scalars. TransformerLens computes some configuration fields with NumPy, such as `attn_scale`, so
 * every graph of the first releases contains them.
 */
export const numpyBuilders: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  'numpy.dtype': ([code]) => parseDtype(code),
  'numpy.core.multiarray.scalar': buildScalar,
  'numpy._core.multiarray.scalar': buildScalar,
  '_codecs.encode': latin1Bytes,
};

function parseDtype(code: unknown): NumpyDtype {
  const dtype = typeof code === 'string' && Object.hasOwn(dtypes, code) ? dtypes[code] : undefined;
  if (dtype) return new NumpyDtype(dtype);
  throw new PickleError('a NumPy number has a dtype that is not allowed in graph files');
}

function buildScalar([type, bytes]: readonly unknown[]): number {
  if (!(type instanceof NumpyDtype) || !Buffer.isBuffer(bytes) || bytes.length !== torchItemSizes[type.dtype]) {
    throw new PickleError('a NumPy number has no dtype or the wrong number of bytes');
  }
  return readNumber(bytes, type.dtype);
}

/** Decode bytes of protocol 2, which has no bytes type and writes them as text with an encoding. */
function latin1Bytes([text, encoding]: readonly unknown[]): Buffer {
  if (typeof text === 'string' && encoding === 'latin1') return Buffer.from(text, 'latin1');
  throw new PickleError('it encodes something other than bytes as text');
}
