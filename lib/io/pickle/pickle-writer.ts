/** A value that can be written to a pickle. */
export type PickleValue =
  | string
  | number
  | boolean
  | null
  | readonly PickleValue[]
  | ReadonlyMap<string, PickleValue>
  | Written;

/** The encoded opcodes of a value. */
export class Written {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

const op = (text: string) => Buffer.from(text, 'latin1');

/**
 * Encode a pickle of protocol 2, which every Python 3 and PyTorch can read. Values are never shared, so no memo is
 * needed.
 */
export function pickle(value: PickleValue): Buffer {
  return Buffer.concat([op('\x80\x02'), written(value), op('.')]);
}

export function tuple(...values: readonly PickleValue[]): Written {
  return new Written(Buffer.concat([op('('), ...values.map(written), op('t')]));
}

/** A reference to a class, function or constant by name. */
export function global({ module, name }: { readonly module: string; readonly name: string }): Written {
  return new Written(op(`c${module}\n${name}\n`));
}

/** The result of calling `callee` with the arguments. */
export function reduced(callee: Written, args: Written): Written {
  return new Written(Buffer.concat([callee.bytes, args.bytes, op('R')]));
}

/** An object created by `__new__` of its class with the arguments, with optional fields. */
export function instance(type: Written, args: Written, fields?: ReadonlyMap<string, PickleValue>): Written {
  const state = fields ? [written(fields), op('b')] : [];
  return new Written(Buffer.concat([type.bytes, args.bytes, op('\x81'), ...state]));
}

/** The value that the reader's `persistent_load` returns for this id. */
export function persistent(id: Written): Written {
  return new Written(Buffer.concat([id.bytes, op('Q')]));
}

function written(value: PickleValue): Buffer {
  if (value instanceof Written) return value.bytes;
  if (value === null) return op('N');
  if (typeof value === 'boolean') return op(value ? '\x88' : '\x89');
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return number(value);
  if (value instanceof Map) {
    const items = [...value].flatMap(([key, item]) => [text(key), written(item)]);
    return Buffer.concat([op('}('), ...items, op('u')]);
  }
  return Buffer.concat([op(']('), ...(value as readonly PickleValue[]).map(written), op('e')]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const head = op('X\0\0\0\0');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function number(value: number): Buffer {
  if (!Number.isSafeInteger(value)) {
    const bytes = op('G\0\0\0\0\0\0\0\0');
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  const bytes = op('\x8a\x08\0\0\0\0\0\0\0\0');
  bytes.writeBigInt64LE(BigInt(value), 2);
  return bytes;
}
