import { parentPort, workerData } from 'node:worker_threads';
import { CircuitTracerError, type ErrorCode } from '../errors';
import { readPipeline, stampOf, type TokenizerSource } from './files';
import type { Pipeline } from './pipeline';
import { refuse } from './refuse';

/** A numbered text to encode. */
export interface EncodeRequest {
  readonly id: number;
  readonly text: string;
}

export type EncodeReply =
  | { readonly id: number; readonly ids: Int32Array }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string };

const { folder, stamp } = workerData as TokenizerSource;
let loading: Promise<Pipeline> | undefined;

async function load(): Promise<Pipeline> {
  const { pipeline } = await readPipeline(folder);
  if ((await stampOf(folder)) === stamp) return pipeline;
  throw refuse(`${folder}: the tokenizer files have changed since they were loaded. Load the model again.`);
}

async function answer({ id, text }: EncodeRequest): Promise<EncodeReply> {
  try {
    loading ??= load();
    return { id, ids: Int32Array.from((await loading).encode(text)) };
  } catch (error) {
    const code = error instanceof CircuitTracerError ? error.code : 'ERR_TOKENIZER';
    return { id, code, message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', async (request: EncodeRequest) => {
  const reply = await answer(request);
  parentPort?.postMessage(reply, 'ids' in reply ? [reply.ids.buffer as ArrayBuffer] : []);
});
