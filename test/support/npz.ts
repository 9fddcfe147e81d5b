import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly data: Buffer;
  readonly deflate?: boolean;
  /** Sizes and offset in the zip64 extra field, 0xffffffff in their usual places. */
  readonly zip64?: boolean;
  /** Lies to tell in the central directory. */
  readonly claim?: { readonly size?: number; readonly crc?: number; readonly method?: number; readonly flags?: number };
}

/** A `.npy` of version 1 (2-byte header length) or 2 (4-byte). */
export function npy(data: Buffer, shape: readonly number[], { descr = '<f4', fortran = 'False', version = 1 } = {}) {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const kind = descr.startsWith('[') ? descr : `'${descr}'`;
  const text = `{'descr': ${kind}, 'fortran_order': ${fortran}, 'shape': (${tuple}), }`;
  const prefix = version === 1 ? 10 : 12;
  const padded = Buffer.from(text.padEnd(Math.ceil((prefix + text.length + 1) / 64) * 64 - prefix - 1).concat('\n'));
  const head = Buffer.alloc(prefix);
  head.write('\x93NUMPY', 'latin1');
  head.writeUInt8(version, 6);
  if (version === 1) head.writeUInt16LE(padded.length, 8);
  else head.writeUInt32LE(padded.length, 8);
  return Buffer.concat([head, padded, data]);
}

export function float32Bytes(values: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i++) bytes.writeFloatLE(values[i] ?? 0, i * 4);
  return bytes;
}

/** A zip file; APPNOTE.TXT 4.3. */
export function zip(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const { name, data, deflate = false, zip64 = false, claim = {} } = member;
    const body = deflate ? deflateRawSync(data) : data;
    const size = claim.size ?? data.length;
    const fields = {
      flags: claim.flags ?? 0,
      method: claim.method ?? (deflate ? 8 : 0),
      crc: claim.crc ?? crc32(data),
      compressed: body.length,
      size,
    };
    const local = header(0x04034b50, name, fields, 30);
    centrals.push(zip64 ? centralZip64(name, fields, offset) : central(name, fields, offset));
    locals.push(local, body);
    offset += local.length + body.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

interface Fields {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
}

function header(signature: number, name: string, fields: Fields, length: number): Buffer {
  const bytes = Buffer.alloc(length + name.length);
  const at = length === 30 ? 6 : 8;
  bytes.writeUInt32LE(signature, 0);
  bytes.writeUInt16LE(fields.flags, at);
  bytes.writeUInt16LE(fields.method, at + 2);
  bytes.writeUInt32LE(fields.crc, at + 8);
  bytes.writeUInt32LE(fields.compressed, at + 12);
  bytes.writeUInt32LE(fields.size, at + 16);
  bytes.writeUInt16LE(name.length, at + 20);
  bytes.write(name, length, 'latin1');
  return bytes;
}

function central(name: string, fields: Fields, offset: number): Buffer {
  const bytes = header(0x02014b50, name, fields, 46);
  bytes.writeUInt32LE(offset, 42);
  return bytes;
}

function centralZip64(name: string, fields: Fields, offset: number): Buffer {
  const saturated = 0xffffffff;
  const bytes = central(name, { ...fields, compressed: saturated, size: saturated }, saturated);
  bytes.writeUInt16LE(28, 30);
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(BigInt(fields.size), 4);
  extra.writeBigUInt64LE(BigInt(fields.compressed), 12);
  extra.writeBigUInt64LE(BigInt(offset), 20);
  return Buffer.concat([bytes, extra]);
}
