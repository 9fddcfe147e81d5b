import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CircuitTracerError } from '../errors';
import { abortError, checkNotAborted } from '../validate';
import type { TokenizerSource } from './files';
import { refuse } from './refuse';
import type { EncodeReply, EncodeRequest } from './worker';

// Always the compiled file, even if this one runs as TypeScript.
const workerFile = join(__dirname, '..', '..', 'dist', 'tokenizer', 'worker.js');

interface Waiting {
  readonly request: EncodeRequest;
  readonly resolve: (ids: Int32Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Encodes on a separate thread, which starts with the first text and holds a second copy of the tokenizer.
 *
 * It encodes one text at a time. Aborting the current text ends the thread, which stops any pattern; the other texts go
 * to a new thread.
 */
export class BackgroundEncoder {
  readonly #source: TokenizerSource;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #next = 0;

  constructor(source: TokenizerSource) {
    this.#source = source;
  }

  /** @throws CircuitTracerError `ERR_TOKENIZER` or `ABORT_ERR`. */
  encode(text: string, signal?: AbortSignal): Promise<Int32Array> {
    checkNotAborted(signal);
    const id = this.#next++;
    return new Promise<Int32Array>((resolve, reject) => {
      const abort = () => this.#abort(id, signal);
      const done = () => signal?.removeEventListener('abort', abort);
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.set(id, {
        request: { id, text },
        resolve: (ids) => {
          done();
          resolve(ids);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
      this.#running().postMessage({ id, text } satisfies EncodeRequest);
    });
  }

  #running(): Worker {
    if (!this.#worker) {
      const worker = new Worker(workerFile, { workerData: this.#source });
      worker.on('message', (reply: EncodeReply) => this.#answered(reply));
      worker.on('error', (error) => this.#failed(worker, error));
      worker.on('exit', () => this.#failed(worker, new Error('the worker thread ended')));
      this.#worker = worker;
    }
    // Waiting texts keep the process alive; an idle thread does not.
    this.#worker.ref();
    return this.#worker;
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    return waiting;
  }

  #answered(reply: EncodeReply): void {
    const waiting = this.#take(reply.id);
    if ('ids' in reply) waiting?.resolve(reply.ids);
    else waiting?.reject(new CircuitTracerError(reply.code, reply.message));
  }

  #abort(id: number, signal: AbortSignal | undefined): void {
    const [atWork] = this.#waiting.keys();
    const waiting = this.#take(id);
    if (atWork === id) this.#restart();
    waiting?.reject(abortError(signal));
  }

  #restart(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.removeAllListeners();
    worker?.on('error', () => undefined);
    void worker?.terminate();
    for (const { request } of this.#waiting.values()) this.#running().postMessage(request);
  }

  #failed(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    const reason = error instanceof Error ? error.message : String(error);
    for (const { reject } of all) reject(refuse(`The text could not be tokenised: ${reason}.`, error));
  }
}
