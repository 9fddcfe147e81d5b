import { GraphFileError, parseGraphText } from '../core/parse';
import { type LoadedGraph, withDerived } from './loaded-graph';

export type LoadSource = { readonly url: string } | { readonly file: File };

export interface LoadRequest {
  readonly id: number;
  readonly source: LoadSource;
}

export type LoadReply =
  | { readonly id: number; readonly loaded: LoadedGraph }
  | { readonly id: number; readonly problem: string };

/** Reads, parses and weighs graph files away from the page, which stays responsive. */
self.addEventListener('message', async ({ data }: MessageEvent<LoadRequest>) => {
  try {
    const { text, revision } = await read(data.source);
    const loaded = withDerived(parseGraphText(text), revision);
    reply({ id: data.id, loaded }, buffersOf(loaded));
  } catch (error) {
    reply({ id: data.id, problem: error instanceof Error ? error.message : String(error) });
  }
});

function reply(message: LoadReply, transfer: ArrayBuffer[] = []): void {
  (self as unknown as { postMessage(message: unknown, transfer: ArrayBuffer[]): void }).postMessage(message, transfer);
}

async function read(source: LoadSource): Promise<{ text: string; revision: string | null }> {
  if ('file' in source) return { text: await source.file.text(), revision: null };
  let response: Response;
  try {
    // The server says whether the file has changed; without the question a changed file would stay unseen.
    response = await fetch(source.url, { cache: 'no-cache' });
  } catch {
    throw new GraphFileError('The server does not answer. Is it still running?');
  }
  if (!response.ok) throw new GraphFileError(`The server has no such graph (${response.status} for ${source.url}).`);
  return { text: await response.text(), revision: response.headers.get('etag') };
}

function buffersOf({ graph, strongest }: LoadedGraph): ArrayBuffer[] {
  return [...Object.values(graph), strongest].flatMap((value) =>
    ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : [],
  );
}
