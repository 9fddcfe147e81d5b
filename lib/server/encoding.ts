import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, createBrotliCompress, createGzip, gzip, type ZlibOptions, constants as zlib } from 'node:zlib';

export type Encoding = 'br' | 'gzip';

/** Smaller responses fit in one packet without compression. */
const minBytes = 1024;

/** The best encoding that a client accepts for a body; undefined for no encoding. */
export function encodingFor(accepted: string | undefined, type: string, size: number): Encoding | undefined {
  if (size < minBytes || !/^(?:text\/|application\/(?:json|javascript|manifest)|image\/svg)/.test(type))
    return undefined;
  const wanted = weights(accepted ?? '');
  const candidates: Encoding[] = ['br', 'gzip'];
  return candidates.find((encoding) => (wanted.get(encoding) ?? wanted.get('*') ?? 0) > 0);
}

function weights(accepted: string): Map<string, number> {
  const entries = accepted.split(',').map((entry): [string, number] => {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return [name, weight === undefined ? 1 : Number(weight.slice(2))];
  });
  return new Map(entries);
}

// Higher levels take longer than they save on a local connection or through a tunnel.
const brotliOptions = { params: { [zlib.BROTLI_PARAM_QUALITY]: 1 } };
const gzipOptions = { level: 1 };

export function encode(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  return encoding === 'br'
    ? promisify(brotliCompress)(bytes, brotliOptions)
    : promisify<Buffer, ZlibOptions, Buffer>(gzip)(bytes, gzipOptions);
}

/** Streams use a small window, because a full-size window takes megabytes for each client. */
const streamedBrotli = { params: { ...brotliOptions.params, [zlib.BROTLI_PARAM_LGWIN]: 18 } };

export function encoder(encoding: Encoding): Transform {
  return encoding === 'br' ? createBrotliCompress(streamedBrotli) : createGzip(gzipOptions);
}
