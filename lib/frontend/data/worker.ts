import { parseGraphText } from '../core/parse';
import { type LoadedGraph, withDerived } from './loaded-graph';

export interface LoadRequest {
  readonly id: number;
  readonly bytes: ArrayBuffer;
  readonly revision: string | null;
}

export type LoadReply =
  | { readonly id: number; readonly loaded: LoadedGraph }
  | { readonly id: number; readonly problem: string };

/** Parses and weighs graph files away from the page, which stays responsive. */
self.addEventListener('message', ({ data: { id, bytes, revision } }: MessageEvent<LoadRequest>) => {
  try {
    const loaded = withDerived(parseGraphText(new TextDecoder().decode(bytes)), revision);
    reply({ id, loaded }, buffersOf(loaded));
  } catch (error) {
    reply({ id, problem: error instanceof Error ? error.message : String(error) });
  }
});

function reply(message: LoadReply, transfer: ArrayBuffer[] = []): void {
  (self as unknown as { postMessage(message: unknown, transfer: ArrayBuffer[]): void }).postMessage(message, transfer);
}

function buffersOf({ graph, strongest }: LoadedGraph): ArrayBuffer[] {
  return [...Object.values(graph), strongest].flatMap((value) =>
    ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : [],
  );
}
