import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { log } from '../log';
import { type Encoding, encoder } from './encoding';
import { stateOf } from './file-revisions';
import type { ByteRange } from './range';

export type Body = ReadableStream<Uint8Array>;

/** The part of a response in memory for each client, in addition to the buffer of its socket. */
const pieceBytes = 2 ** 16;

/** A stream that reads a piece once the client has received the previous one. */
function pullStream(next: () => Promise<Uint8Array | undefined>, close: () => unknown): Body {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const piece = await next();
          if (piece) return controller.enqueue(piece);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        await close();
      },
      async cancel() {
        await close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Send bytes from memory in pieces, so that a slow client can be distinguished from one that does not read. */
export function bytesStream(bytes: Uint8Array): Body {
  let at = 0;
  const next = async () => {
    const piece = bytes.slice(at, at + pieceBytes);
    at += pieceBytes;
    return piece.length > 0 ? piece : undefined;
  };
  return pullStream(next, () => undefined);
}

/**
 * Send part of an open file, which is closed at the end. The stream fails when the file ends too early or was modified
 * in place: the client then sees a broken response, not a complete one with mixed content.
 *
 * @param stats the stats of the file when its tag was computed
 */
export function fileStream(handle: FileHandle, { start, end }: ByteRange, stats: BigIntStats): Body {
  let at = start;
  const next = async () => {
    if (at > end) return undefined;
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(pieceBytes, end - at + 1)), { position: at });
    if (bytesRead === 0) throw new Error('the file was truncated while it was sent');
    at += bytesRead;
    // Checked before the last piece, which would complete the response.
    const isSame = at <= end || stateOf(await handle.stat({ bigint: true })) === stateOf(stats);
    if (!isSame) throw new Error('the file was modified while it was sent');
    return buffer.subarray(0, bytesRead);
  };
  return pullStream(next, () => handle.close());
}

/** The same body, compressed while it is sent. */
export function encodedStream(body: Body, encoding: Encoding): Body {
  const encoded = encoder(encoding);
  const source = Readable.from(readPieces(body));
  // Errors reach the reader below.
  pipeline(source, encoded, () => undefined);
  const pieces = encoded[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await pieces.next();
    return done ? undefined : (value as Uint8Array);
  };
  return pullStream(next, async () => {
    encoded.destroy();
    if (!body.locked) await body.cancel();
  });
}

async function* readPieces(body: Body): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    await reader.cancel();
  }
}

/** A body whose failure closes the connection and is logged, because sent data cannot be taken back. */
export function guarded(body: Body, outgoing: ServerResponse): Body {
  const reader = body.getReader();
  const next = async () => {
    try {
      return (await reader.read()).value;
    } catch (error) {
      log().warn({ err: error }, 'a response was interrupted');
      outgoing.destroy();
      // Closing the connection cancels this stream.
      return new Promise<undefined>(() => undefined);
    }
  };
  return pullStream(next, () => reader.cancel());
}
