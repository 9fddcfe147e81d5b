import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { CircuitTracerError } from '../errors';
import { readError, regularFile } from '../io/files';
import { isObject } from '../is-object';
import { parseJson } from '../json';

/** One document of a text file. */
export interface TextLine {
  /** From 0, empty ones counted. */
  readonly line: number;
  readonly text: string;
  /** Bytes of the file read so far. */
  readonly bytesRead: number;
}

/**
 * The documents of a text file, one per line: `.txt`, or `.jsonl` with the document in `text`; either may be gzipped (`.gz`). Empty
 * lines are passed over.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`; `ERR_FILE_FORMAT` for other endings, text that isn't UTF-8,
 * a line of more than 64 MiB, and a line of a `.jsonl` that isn't an object with text.
 */
export async function* readCorpus(path: string): AsyncGenerator<TextLine> {
  await regularFile(path);
  const name = basename(path).replace(/\.gz$/, '');
  const isJson = name.endsWith('.jsonl');
  if (!isJson && !name.endsWith('.txt')) {
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected .txt or .jsonl, either also as .gz.`);
  }
  let line = -1;
  for await (const { text, bytesRead } of lines(path)) {
    line++;
    const document = isJson && text.trim() !== '' ? textOf(path, line, text) : text;
    if (document.trim() !== '') yield { line, text: document, bytesRead };
  }
}

const longestLine = 64 * 2 ** 20;

async function* lines(path: string): AsyncGenerator<{ text: string; bytesRead: number }> {
  const file = createReadStream(path);
  const stream = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  if (stream !== file) file.on('error', (error) => stream.destroy(error));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const chunk of stream) {
      const [first = '', ...more] = decoder.decode(chunk as Buffer, { stream: true }).split('\n');
      rest += first;
      if (rest.length > longestLine) throw new Error(`a line is longer than ${longestLine} characters`);
      for (const text of more) {
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

function textOf(path: string, line: number, json: string): string {
  let value: unknown;
  try {
    value = parseJson(json);
  } catch {
    // Told below.
  }
  if (isObject(value) && typeof value.text === 'string') return value.text;
  throw new CircuitTracerError('ERR_FILE_FORMAT', `${path}, line ${line + 1}: expected a JSON object with text.`);
}

/** Of the decoder, of gzip, or of the file system. */
function corpusError(path: string, error: unknown): unknown {
  const typed = readError(path, error);
  if (typed instanceof CircuitTracerError) return typed;
  return new CircuitTracerError('ERR_FILE_FORMAT', `${path}: expected UTF-8 text (${(error as Error).message}).`, {
    cause: error,
  });
}
