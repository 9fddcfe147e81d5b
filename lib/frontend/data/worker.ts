import { type GraphFile, parseGraphText } from '../core/graph/parse';
import { withLogitDifference } from '../core/measure/logit-difference';
import { type LoadedGraph, withDerived } from './loaded-graph';

export interface LoadRequest {
  readonly id: number;
  readonly bytes: ArrayBuffer;
  readonly revision: string | null;
  /** `A__vs__B`, or '': see {@link withLogitDifference}. */
  readonly logitDifference: string;
}

export type LoadReply =
  | { readonly id: number; readonly loaded: LoadedGraph }
  | { readonly id: number; readonly problem: string };

/** Parses graph files and computes shares outside the page's thread, so that the page stays responsive. */
self.addEventListener('message', ({ data }: MessageEvent<LoadRequest>) => {
  const { id, bytes, revision, logitDifference } = data;
  try {
    const file = parseGraphText(new TextDecoder().decode(bytes));
    const loaded = withDerived(withDifference(file, logitDifference), revision);
    reply({ id, loaded }, buffersOf(loaded));
  } catch (error) {
    reply({ id, problem: error instanceof Error ? error.message : String(error) });
  }
});

function withDifference(file: GraphFile, names: string): GraphFile {
  if (names === '') return file;
  const graph = withLogitDifference(file.graph, names);
  const warning = `The graph lacks one or both of the outputs ${names}.`;
  return graph ? { ...file, graph } : { ...file, warnings: [...file.warnings, warning] };
}

function reply(message: LoadReply, transfer: ArrayBuffer[] = []): void {
  (self as unknown as { postMessage(message: unknown, transfer: ArrayBuffer[]): void }).postMessage(message, transfer);
}

function buffersOf({ graph, strongest }: LoadedGraph): ArrayBuffer[] {
  return [...Object.values(graph), strongest].flatMap((value) =>
    ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : [],
  );
}
