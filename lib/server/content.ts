import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { encode, encodingFor } from './encoding';
import { Problem } from './problem';
import { type ByteRange, rangeOf } from './range';
import { encodedTag, revisionOf, sameContents } from './revision';

/** Something to send, in memory or in a file. */
export interface Content {
  readonly type: string;
  readonly size: number;
  /** Strong: other contents have another. */
  readonly tag: string;
  /** In memory, to be sent compressed where the client takes it. */
  readonly bytes?: Buffer;
  /** Default: the client asks each time whether it has changed. */
  readonly cacheControl?: string;
  read(range: ByteRange): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

export const jsonType = 'application/json; charset=utf-8';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': jsonType,
  '.gz': 'application/gzip',
  '.md': 'text/plain; charset=utf-8',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** By the file's name. */
export function typeOf(path: string): string {
  return types[extname(path).toLowerCase()] ?? 'application/octet-stream';
}

export function memoryContent(bytes: Buffer, type: string, tag = revisionOf(bytes), cacheControl?: string): Content {
  const read = ({ start, end }: ByteRange) => new Uint8Array(bytes.subarray(start, end + 1));
  return { type, size: bytes.length, tag, bytes, read, ...(cacheControl !== undefined && { cacheControl }) };
}

export function jsonContent(value: unknown): Content {
  return memoryContent(Buffer.from(JSON.stringify(value)), jsonType);
}

/** A file too large to be read whole; by its path from `fileWithin`. */
export async function fileContent(path: string): Promise<Content> {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true });
  return {
    type: typeOf(path),
    size: Number(size),
    tag: `"${ino.toString(36)}-${size.toString(36)}-${mtimeNs.toString(36)}"`,
    read: (range) => Readable.toWeb(createReadStream(path, range)) as ReadableStream<Uint8Array>,
  };
}

/** Answer GET or HEAD: 200, 206, 304 or 416. */
export async function send(c: Context, content: Content): Promise<Response> {
  const { type, size, tag, cacheControl = 'no-cache' } = content;
  const header = (name: string) => c.req.header(name);
  const isCurrent = sameTag(header('if-range') ?? tag, tag);
  const range = isCurrent ? rangeOf(header('range'), size) : 'whole';
  const encoding = range === 'whole' && content.bytes ? encodingFor(header('accept-encoding'), type, size) : undefined;
  const headers: Record<string, string> = {
    'cache-control': cacheControl,
    'accept-ranges': 'bytes',
    etag: encoding ? encodedTag(tag, encoding) : tag,
    ...(content.bytes && { vary: 'Accept-Encoding' }),
  };
  if (isKnown(header('if-none-match'), tag)) return new Response(null, { status: 304, headers });
  if (range === 'unsatisfiable') throw unsatisfiable(size);
  headers['content-type'] = type;
  if (encoding) return sendEncoded(c, content.bytes as Buffer, encoding, headers);
  const part = range === 'whole' ? { start: 0, end: size - 1 } : range;
  headers['content-length'] = String(part.end - part.start + 1);
  if (range !== 'whole') headers['content-range'] = `bytes ${part.start}-${part.end}/${size}`;
  const body = c.req.method === 'HEAD' || size === 0 ? null : content.read(part);
  return new Response(body, { status: range === 'whole' ? 200 : 206, headers });
}

async function sendEncoded(
  c: Context,
  bytes: Buffer,
  encoding: 'br' | 'gzip',
  headers: Record<string, string>,
): Promise<Response> {
  headers['content-encoding'] = encoding;
  // Only compressing would tell how long it gets.
  if (c.req.method === 'HEAD') return new Response(null, { headers });
  const encoded = await encode(bytes, encoding);
  headers['content-length'] = String(encoded.length);
  return new Response(new Uint8Array(encoded), { headers });
}

/** If-None-Match compares contents, whatever their encoding. */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((known) => sameContents(known, tag));
}

/** If-Range wants the very same bytes; dates are never those of the same bytes. */
function sameTag(given: string, tag: string): boolean {
  return given.trim() === tag;
}

function unsatisfiable(size: number): Problem {
  return new Problem(416, 'ERR_RANGE', `The range must lie within the ${size} bytes there are.`, {
    headers: { 'content-range': `bytes */${size}` },
  });
}
