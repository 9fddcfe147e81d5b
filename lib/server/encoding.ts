import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, createBrotliCompress, createGzip, gzip, type ZlibOptions, constants as zlib } from 'node:zlib';

export type Encoding = 'br' | 'gzip';

/** Smaller answers fit one packet as they are. */
const leastBytes = 1024;

/** The best encoding a client accepts for a body; undefined: as it is. */
export function encodingFor(accepted: string | undefined, type: string, size: number): Encoding | undefined {
  if (size < leastBytes || !/^(?:text\/|application\/(?:json|javascript|manifest)|image\/svg)/.test(type))
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

// Harder levels take longer than a connection on one machine, or through a tunnel, saves by them.
const brotliOptions = { params: { [zlib.BROTLI_PARAM_QUALITY]: 1 } };
const gzipOptions = { level: 1 };

export function encode(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  return encoding === 'br'
    ? promisify(brotliCompress)(bytes, brotliOptions)
    : promisify<Buffer, ZlibOptions, Buffer>(gzip)(bytes, gzipOptions);
}

/** Of streams a small window: one of full size takes megabytes for each client. */
const streamedBrotli = { params: { ...brotliOptions.params, [zlib.BROTLI_PARAM_LGWIN]: 18 } };

export function encoder(encoding: Encoding): Transform {
  return encoding === 'br' ? createBrotliCompress(streamedBrotli) : createGzip(gzipOptions);
}
