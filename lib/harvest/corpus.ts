import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { CircuitTracerError } from '../errors';
import { readError, regularFile } from '../io/files';
import { isObject } from '../is-object';
import { parseJson } from '../json';

/** One document of a text file. */
export interface TextLine {
  /** The line number from 0, counting empty lines. */
  readonly line: number;
  readonly text: string;
  /** The number of bytes of the file read so far. */
  readonly bytesRead: number;
}

/**
 * Read the documents of a text file, one per line: `.txt`, or `.jsonl` with the document in `text`. Both may be gzipped
 * (`.gz`). Empty lines are skipped.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`; `ERR_FILE_FORMAT` for other extensions, text that
 * is not UTF-8, a line of more than 64 MiB, and a line of a `.jsonl` that is not an object with text.
 */
export async function* readCorpus(path: string): AsyncGenerator<TextLine> {
  await regularFile(path);
  const name = basename(path).replace(/\.gz$/, '');
  const isJson = name.endsWith('.jsonl');
  if (!isJson && !name.endsWith('.txt')) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${path}: expected a .txt or .jsonl file, optionally gzipped (.gz).`,
    );
  }
  let line = -1;
  for await (const { text, bytesRead } of lines(path)) {
    line++;
    const document = isJson && text.trim() !== '' ? parseText(path, line, text) : text;
    if (document.trim() !== '') yield { line, text: document, bytesRead };
  }
}

const maxLineLength = 64 * 2 ** 20;

async function* lines(path: string): AsyncGenerator<{ text: string; bytesRead: number }> {
  const file = createReadStream(path);
  const stream = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  if (stream !== file) file.on('error', (error) => stream.destroy(error));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const chunk of stream) {
      const [first = '', ...others] = decoder.decode(chunk as Buffer, { stream: true }).split('\n');
      rest += first;
      if (rest.length > maxLineLength) throw new Error(`a line is longer than ${maxLineLength} characters`);
      for (const text of others) {
        yield { text: rest.replace(/\r$/, ''), bytesRead: file.bytesRead };
        rest = text;
      }
    }
    rest += decoder.decode();
    if (rest !== '') yield { text: rest, bytesRead: file.bytesRead };
  } catch (error) {
    throw corpusError(path, error);
  } finally {
    file.destroy();
  }
}

function parseText(path: string, line: number, json: string): string {
  let value: unknown;
  try {
    value = parseJson(json);
  } catch {
    // Invalid JSON is reported below.
  }
  if (isObject(value) && typeof value.text === 'string') return value.text;
  throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}, line ${line + 1}: expected a JSON object with text.`);
}

/** The typed error for an error of the decoder, of gzip or of the file system. */
function corpusError(path: string, error: unknown): unknown {
  const typed = readError(path, error);
  if (typed instanceof CircuitTracerError) return typed;
  return new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected UTF-8 text (${(error as Error).message}).`, {
    cause: error,
  });
}
