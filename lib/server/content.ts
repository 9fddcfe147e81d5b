import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { extname } from 'node:path';
import { openFound } from '../io/file-within';
import { type Body, bytesStream, encodedStream, fileStream, guarded } from './body-stream';
import { ByteBudget } from './byte-budget';
import type { AppContext } from './context';
import { encode, encodingFor } from './encoding';
import { fileProblem } from './file-problem';
import { type FileRevisions, stateOf } from './file-revisions';
import { Problem } from './problem';
import { type ByteRange, rangeOf } from './range';
import { encodedTag, revisionOf, sameContents } from './revision';

/** Content to send, from memory or a file. */
export interface Content {
  readonly type: string;
  readonly size: number;
  /** A strong entity tag: it changes with the content. */
  readonly tag: string;
  /** Whether to compress it for clients that accept compression. */
  readonly compresses: boolean;
  /** The whole content, if it is in memory. */
  readonly bytes?: Buffer;
  /** The Cache-Control header. By default, the client revalidates each time. */
  readonly cacheControl?: string;
  read(range: ByteRange): Body;
  /** Release unread content. May be called more than once. */
  close(): Promise<void>;
}

/** The size up to which content is read and compressed as a whole, so that the response has a length. */
const smallBytes = 2 ** 19;

/** The memory of large responses that clients have not received yet. */
const answersInMemory = new ByteBudget(2 ** 28);

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

/** The content type, by file name. */
export function typeOf(path: string): string {
  return types[extname(path).toLowerCase()] ?? 'application/octet-stream';
}

export function memoryContent(bytes: Buffer, type: string, tag = revisionOf(bytes), cacheControl?: string): Content {
  return {
    type,
    size: bytes.length,
    tag,
    compresses: true,
    bytes,
    ...(cacheControl !== undefined && { cacheControl }),
    read: ({ start, end }) => bytesStream(bytes.subarray(start, end + 1)),
    close: async () => undefined,
  };
}

export function jsonContent(value: unknown): Content {
  return memoryContent(Buffer.from(JSON.stringify(value)), jsonType);
}

/**
 * Content of a file, which is read as the client receives it.
 *
 * @param path a path from `fileWithin`
 * @param revisions the revisions, if the tag must depend on the content. By default, it depends on the file's identity
 * and times.
 * @throws Problem as in {@link fileProblem}.
 */
export async function fileContent(path: string, revisions?: FileRevisions): Promise<Content> {
  const handle = await openFound(path).catch((error) => {
    throw fileProblem(path, error);
  });
  try {
    const stats = await handle.stat({ bigint: true });
    if (!revisions) return openContent(handle, stats, typeOf(path), `"${stateOf(stats)}"`);
    if (stats.size > smallBytes) return openContent(handle, stats, typeOf(path), await revisions.of(handle, stats));
    const bytes = await handle.readFile();
    await handle.close();
    return memoryContent(bytes, typeOf(path));
  } catch (error) {
    await handle.close();
    throw fileProblem(path, error);
  }
}

function openContent(handle: FileHandle, stats: BigIntStats, type: string, tag: string): Content {
  let isOpen = true;
  return {
    type,
    size: Number(stats.size),
    tag,
    compresses: true,
    read: (range) => {
      isOpen = false;
      return fileStream(handle, range, stats);
    },
    close: async () => {
      if (isOpen) await handle.close();
      isOpen = false;
    },
  };
}

/** Respond to GET or HEAD: 200, 206, 304 or 416. */
export async function send(c: AppContext, content: Content): Promise<Response> {
  try {
    if (content.bytes && content.size > smallBytes)
      c.env.outgoing.once('close', answersInMemory.take(content.bytes.length));
    return await answer(c, content);
  } finally {
    await content.close();
  }
}

async function answer(c: AppContext, content: Content): Promise<Response> {
  const { type, size, tag, cacheControl = 'no-cache' } = content;
  const header = (name: string) => c.req.header(name);
  const isCurrent = sameTag(header('if-range') ?? tag, tag);
  const range = isCurrent ? rangeOf(header('range'), size) : 'whole';
  const encoding =
    range === 'whole' && content.compresses ? encodingFor(header('accept-encoding'), type, size) : undefined;
  const headers: Record<string, string> = {
    'cache-control': cacheControl,
    'accept-ranges': 'bytes',
    etag: encoding ? encodedTag(tag, encoding) : tag,
    ...(content.compresses && { vary: 'Accept-Encoding' }),
  };
  if (isKnown(header('if-none-match'), tag)) return new Response(null, { status: 304, headers });
  if (range === 'unsatisfiable') throw unsatisfiable(size);
  headers['content-type'] = type;
  if (encoding) return sendEncoded(c, content, encoding, headers);
  const part = range === 'whole' ? { start: 0, end: size - 1 } : range;
  headers['content-length'] = String(part.end - part.start + 1);
  if (range !== 'whole') headers['content-range'] = `bytes ${part.start}-${part.end}/${size}`;
  const body = c.req.method === 'HEAD' || size === 0 ? null : guarded(content.read(part), c.env.outgoing);
  return new Response(body, { status: range === 'whole' ? 200 : 206, headers });
}

async function sendEncoded(
  c: AppContext,
  content: Content,
  encoding: 'br' | 'gzip',
  headers: Record<string, string>,
): Promise<Response> {
  headers['content-encoding'] = encoding;
  // The length is only known after compression.
  if (c.req.method === 'HEAD') return new Response(null, { headers });
  const { bytes, size } = content;
  if (!bytes || size > smallBytes) {
    const body = encodedStream(content.read({ start: 0, end: size - 1 }), encoding);
    return new Response(guarded(body, c.env.outgoing), { headers });
  }
  const encoded = await encode(bytes, encoding);
  headers['content-length'] = String(encoded.length);
  return new Response(bytesStream(encoded), { headers });
}

/** If-None-Match compares contents regardless of their encoding. */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((known) => sameContents(known, tag));
}

/** If-Range requires identical bytes, which a date cannot guarantee. */
function sameTag(given: string, tag: string): boolean {
  return given.trim() === tag;
}

function unsatisfiable(size: number): Problem {
  return new Problem(416, 'ERR_RANGE', `The range must be within the ${size} bytes of the content.`, {
    headers: { 'content-range': `bytes */${size}` },
  });
}
