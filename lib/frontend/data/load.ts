import type { LoadedGraph } from './loaded-graph';
import type { LoadReply, LoadRequest } from './worker';

export type LoadSource = { readonly url: string } | { readonly file: File };

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const waiting = new Map<number, { resolve: (loaded: LoadedGraph) => void; reject: (error: Error) => void }>();
let requests = 0;

worker.addEventListener('message', ({ data }: MessageEvent<LoadReply>) => {
  const request = waiting.get(data.id);
  waiting.delete(data.id);
  if ('loaded' in data) request?.resolve(data.loaded);
  else request?.reject(new Error(data.problem));
});

worker.addEventListener('error', ({ message }) => {
  for (const { reject } of waiting.values()) reject(new Error(`The graph could not be read: ${message}`));
  waiting.clear();
});

/** Read a graph file from the server or from the reader's disk. Rejects with a message for the reader. */
export async function loadGraph(source: LoadSource, logitDifference = ''): Promise<LoadedGraph> {
  // The request is sent here and not in the worker, so that it runs while the worker starts.
  const { bytes, revision } = await read(source);
  const request: LoadRequest = { id: ++requests, bytes, revision, logitDifference };
  return new Promise((resolve, reject) => {
    waiting.set(request.id, { resolve, reject });
    worker.postMessage(request, [bytes]);
  });
}

async function read(source: LoadSource): Promise<{ bytes: ArrayBuffer; revision: string | null }> {
  if ('file' in source) return { bytes: await source.file.arrayBuffer(), revision: null };
  let response: Response;
  try {
    // Always ask the server whether the file has changed.
    response = await fetch(source.url, { cache: 'no-cache' });
  } catch {
    throw new Error('The server does not respond. Is it still running?');
  }
  if (!response.ok) throw new Error(`The server has no such graph (${response.status} for ${source.url}).`);
  return { bytes: await response.arrayBuffer(), revision: response.headers.get('etag') };
}

/** The URL of a graph file, relative to the page. */
export function graphUrl(slug: string): string {
  return new URL(`graph_data/${encodeURIComponent(slug)}.json`, location.href).href;
}
