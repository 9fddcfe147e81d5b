import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** A safetensors file as header and bytes, with nothing checked, so that a test can write one that is wrong. */
export interface RawSafetensors {
  header: Record<string, Entry>;
  data: Buffer;
}

export function readRaw(file: string): RawSafetensors {
  const bytes = readFileSync(file);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
  return { header: JSON.parse(bytes.toString('utf8', 8, headerEnd)), data: bytes.subarray(headerEnd) };
}

export function writeRaw(file: string, header: string | object, data: Uint8Array): void {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(file, Buffer.concat([length, text, data]));
}

/** Rewrite a file through `edit`, which may change header and data in place. */
export function editRaw(file: string, edit: (raw: RawSafetensors) => void): void {
  const raw = readRaw(file);
  edit(raw);
  writeRaw(file, raw.header, raw.data);
}

/** Remove a tensor, and its bytes so that no hole is left. */
export function dropTensor(raw: RawSafetensors, name: string): void {
  replaceTensor(raw, name, undefined, Buffer.alloc(0));
}

/** Give a tensor another dtype, shape and bytes; undefined removes it. */
export function replaceTensor(
  raw: RawSafetensors,
  name: string,
  entry: { dtype: string; shape: number[] } | undefined,
  bytes: Buffer,
): void {
  const [start, stop] = entryOf(raw, name).data_offsets;
  const grown = bytes.length - (stop - start);
  raw.data = Buffer.concat([raw.data.subarray(0, start), bytes, raw.data.subarray(stop)]);
  delete raw.header[name];
  for (const [key, { data_offsets }] of Object.entries(raw.header)) {
    if (key === '__metadata__' || data_offsets[0] < stop) continue;
    data_offsets[0] += grown;
    data_offsets[1] += grown;
  }
  if (entry) raw.header[name] = { ...entry, data_offsets: [start, start + bytes.length] };
}

/** Overwrite the tensor's element `index` with NaN or an infinity. */
export function setElement(raw: RawSafetensors, name: string, index: number, value: 'nan' | 'inf'): void {
  const { dtype, data_offsets } = entryOf(raw, name);
  const bits = { F32: [0x7fc00000, 0x7f800000], F16: [0x7e00, 0x7c00], BF16: [0x7fc0, 0x7f80] }[dtype];
  if (!bits) throw new Error(`${name} is ${dtype}, which has no NaN here`);
  const size = dtype === 'F32' ? 4 : 2;
  raw.data.writeUIntLE(bits[value === 'nan' ? 0 : 1] as number, data_offsets[0] + size * index, size);
}

export function entryOf(raw: RawSafetensors, name: string): Entry {
  const entry = raw.header[name];
  if (!entry) throw new Error(`no ${name} among ${Object.keys(raw.header).join(', ')}`);
  return entry;
}
