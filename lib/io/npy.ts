import { CircuitTracerError } from '../errors';
import type { StoredDtype } from './tensor-source';
import { storedItemSize } from './tensor-source';

/** Enough for any header that NumPy writes. NumPy itself refuses to read headers longer than 10,000 bytes. */
export const maxNpyHeaderBytes = 65_536;

export interface NpyHeader {
  /** The dtype in NumPy's notation: `<f4`. For a structured array, the raw text. */
  readonly descr: string;
  /** Undefined for dtypes that cannot be weights. */
  readonly dtype: StoredDtype | undefined;
  readonly shape: number[];
  /** Whether the first index varies fastest. */
  readonly fortranOrder: boolean;
  /** The offset of the numbers from the start of the `.npy`. */
  readonly dataOffset: number;
}

const dtypes: Readonly<Record<string, StoredDtype>> = { '<f8': 'float64', '<f4': 'float32', '<f2': 'float16' };

/**
 * Read the header of a NumPy `.npy` array, versions 1 to 3 of the format.
 *
 * @param head the first bytes of the array, including the whole header
 * @param name the name for error messages
 * @throws CircuitTracerError `ERR_FILE_FORMAT` when it is not an array.
 */
export function parseNpyHeader(head: Uint8Array, name: string): NpyHeader {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const { start, end } = headerRange(bytes, name);
  return { ...parseDictionary(bytes.toString('latin1', start, end), name), dataOffset: end };
}

/**
 * @param size the size of the whole `.npy` in bytes; it must end with the last number
 * @throws CircuitTracerError `ERR_FILE_FORMAT` unless the array takes exactly this size.
 */
export function checkNpySize(dtype: StoredDtype, { shape, dataOffset }: NpyHeader, size: number, name: string): void {
  const expected = dataOffset + shape.reduce((product, dim) => product * dim, storedItemSize[dtype]);
  if (expected === size) return;
  throw new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${name}: shape [${shape.join(', ')}] of ${dtype} needs ${expected} bytes, found ${size}. The file is truncated or damaged. Download it again.`,
  );
}

/** Magic `\x93NUMPY`, major and minor version, then the length of the dictionary: u16 in version 1, u32 after. */
function headerRange(bytes: Buffer, name: string): { start: number; end: number } {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') {
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${name}: expected a NumPy array, found other magic bytes.`);
  }
  const version = bytes.readUInt8(6);
  if (version < 1 || version > 3) {
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${name}: expected .npy version 1, 2 or 3, found ${version}.`);
  }
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  if (end > bytes.length) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${name}: the header of ${end} bytes is truncated or longer than ${maxNpyHeaderBytes} bytes.`,
    );
  }
  return { start, end };
}

/** The header is a Python literal: `{'descr': '<f4', 'fortran_order': False, 'shape': (56, 224), }`. */
function parseDictionary(text: string, name: string): Omit<NpyHeader, 'dataOffset'> {
  // The descr of a structured array is a list of its fields.
  const [, descr, structure] = /'descr'\s*:\s*(?:'([^']*)'|(\[.*?\]))\s*,\s*'/.exec(text) ?? [];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const dims = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  const kind = descr ?? structure;
  if (kind === undefined || order === undefined || dims === undefined) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${name}: expected a .npy header with descr, fortran_order and shape, found ${JSON.stringify(text.slice(0, 200).trim())}.`,
    );
  }
  const shape = dims
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim) => dim !== '')
    .map(Number);
  const dtype = Object.hasOwn(dtypes, kind) ? dtypes[kind] : undefined;
  return { descr: kind, dtype, shape, fortranOrder: order === 'True' };
}
