import { PickleError } from '../pickle/pickle-bytes';
import { PickleObject } from '../pickle/unpickle';
import { readNumber } from './torch-numbers';
import { type TorchDtype, torchItemSizes } from './torch-tensor';

/** NumPy's codes of types: a kind and a size in bytes. */
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

  /** `(version, byte order, ...)`; what follows is for types of several fields. */
  setState(state: unknown): void {
    const order = Array.isArray(state) ? state[1] : undefined;
    if (order !== '<' && order !== '|') throw new PickleError('a NumPy number is not little-endian (opcode BUILD)');
  }
}

/**
 * What NumPy's numbers are made of. TransformerLens computes some fields of its configuration with NumPy, such as
 * `attn_scale`, so that no graph of the first releases is without.
 */
export const numpyBuilders: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  'numpy.dtype': ([code]) => dtypeOf(code),
  'numpy.core.multiarray.scalar': scalarOf,
  'numpy._core.multiarray.scalar': scalarOf,
  '_codecs.encode': latin1Bytes,
};

function dtypeOf(code: unknown): NumpyDtype {
  const dtype = typeof code === 'string' && Object.hasOwn(dtypes, code) ? dtypes[code] : undefined;
  if (dtype) return new NumpyDtype(dtype);
  throw new PickleError('a NumPy number is of a type that graphs have none of');
}

function scalarOf([type, bytes]: readonly unknown[]): number {
  if (!(type instanceof NumpyDtype) || !Buffer.isBuffer(bytes) || bytes.length !== torchItemSizes[type.dtype]) {
    throw new PickleError('a NumPy number has no type, or not the bytes of one');
  }
  return readNumber(bytes, type.dtype);
}

/** How protocol 2, which has no bytes, writes them: as text, to be encoded. */
function latin1Bytes([text, encoding]: readonly unknown[]): Buffer {
  if (typeof text === 'string' && encoding === 'latin1') return Buffer.from(text, 'latin1');
  throw new PickleError('it encodes something other than bytes written as text');
}
