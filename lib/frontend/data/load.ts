import type { LoadedGraph } from './loaded-graph';
import type { LoadReply, LoadRequest, LoadSource } from './worker';

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
export function loadGraph(source: LoadSource): Promise<LoadedGraph> {
  const request: LoadRequest = { id: ++requests, source };
  return new Promise((resolve, reject) => {
    waiting.set(request.id, { resolve, reject });
    worker.postMessage(request);
  });
}

/** Address of a graph's file, relative to the page. */
export function graphUrl(slug: string): string {
  return new URL(`graph_data/${encodeURIComponent(slug)}.json`, location.href).href;
}
