import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { log } from '../log';
import { type Encoding, encoder } from './encoding';
import { stateOf } from './file-revisions';
import type { ByteRange } from './range';

export type Body = ReadableStream<Uint8Array>;

/** As much of an answer is in memory for each client, beside what its socket holds. */
const pieceBytes = 2 ** 16;

/** Read a piece when the client has taken the one before. */
function streamOf(next: () => Promise<Uint8Array | undefined>, close: () => unknown): Body {
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

/** Bytes in memory, in pieces, so that a slow client can be told from one that doesn't read. */
export function bytesStream(bytes: Uint8Array): Body {
  let at = 0;
  const next = async () => {
    const piece = bytes.slice(at, at + pieceBytes);
    at += pieceBytes;
    return piece.length > 0 ? piece : undefined;
  };
  return streamOf(next, () => undefined);
}

/**
 * Part of an open file, which is closed at the end. It fails when the file ends too early or was changed in place: the
 * client then sees a broken answer, not a whole one of mixed contents.
 *
 * @param stats of the file when its tag was taken
 */
export function fileStream(handle: FileHandle, { start, end }: ByteRange, stats: BigIntStats): Body {
  let at = start;
  const next = async () => {
    if (at > end) return undefined;
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(pieceBytes, end - at + 1)), { position: at });
    if (bytesRead === 0) throw new Error('the file was cut while it was sent');
    at += bytesRead;
    // Before the last piece: with it, the client would have all it waits for.
    const isSame = at <= end || stateOf(await handle.stat({ bigint: true })) === stateOf(stats);
    if (!isSame) throw new Error('the file was changed while it was sent');
    return buffer.subarray(0, bytesRead);
  };
  return streamOf(next, () => handle.close());
}

/** The same, compressed on the way. */
export function encodedStream(body: Body, encoding: Encoding): Body {
  const encoded = encoder(encoding);
  const source = Readable.from(piecesOf(body));
  // Errors reach the reader below.
  pipeline(source, encoded, () => undefined);
  const pieces = encoded[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await pieces.next();
    return done ? undefined : (value as Uint8Array);
  };
  return streamOf(next, async () => {
    encoded.destroy();
    if (!body.locked) await body.cancel();
  });
}

async function* piecesOf(body: Body): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    await reader.cancel();
  }
}

/** A body whose failure ends the connection and goes to the log: what is sent already can't be taken back. */
export function guarded(body: Body, outgoing: ServerResponse): Body {
  const reader = body.getReader();
  const next = async () => {
    try {
      return (await reader.read()).value;
    } catch (error) {
      log().warn({ err: error }, 'an answer was broken off');
      outgoing.destroy();
      // Closing the connection cancels this stream.
      return new Promise<undefined>(() => undefined);
    }
  };
  return streamOf(next, () => reader.cancel());
}
