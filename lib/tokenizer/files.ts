import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { fileExists, readJsonObject } from '../io/files';
import { Pipeline } from './pipeline';

/** A folder with a tokenizer, and the stamp of its files when they were read. */
export interface TokenizerSource {
  readonly folder: string;
  readonly stamp: string;
}

export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly config: Record<string, unknown>;
  readonly source: TokenizerSource;
}

/**
 * Read tokenizer.json and, if present, tokenizer_config.json.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT`; `ERR_TOKENIZER` for unsupported
 * content.
 */
export async function readPipeline(folder: string): Promise<LoadedPipeline> {
  const file = join(folder, 'tokenizer.json');
  const [definition, config] = await Promise.all([
    readJsonObject(file),
    optionalObject(join(folder, 'tokenizer_config.json')),
  ]);
  return { pipeline: build(file, definition, config), config, source: { folder, stamp: await stampOf(folder) } };
}

/** Read a JSON object; empty when the file does not exist. */
export async function optionalObject(path: string): Promise<Record<string, unknown>> {
  return (await fileExists(path)) ? readJsonObject(path) : {};
}

/** The sizes and modification times of the files, which reveal changes. */
export async function stampOf(folder: string): Promise<string> {
  const stats = await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json'].map((name) => stat(join(folder, name)).catch(() => undefined)),
  );
  return stats.map((found) => `${found?.size}:${found?.mtimeMs}`).join(' ');
}

const maxReasonLength = 400;

function build(file: string, definition: Record<string, unknown>, config: Record<string, unknown>): Pipeline {
  try {
    return new Pipeline(definition, config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CircuitTracerError('ERR_TOKENIZER', `${file}: ${reason.slice(0, maxReasonLength)}`, { cause });
  }
}
