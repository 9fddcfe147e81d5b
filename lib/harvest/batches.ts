import type { Document } from './documents';

/** The documents of one call. */
export interface Batch {
  readonly documents: readonly Document[];
  readonly specialPositions: number;
}

/** How many tokens run in one call: enough to make the overhead of a call negligible, and few enough to stop soon. */
const batchTokens = 4096;

export async function* inBatches(documents: AsyncIterable<Document>): AsyncGenerator<Batch> {
  let batch: Document[] = [];
  let tokens = 0;
  const take = (): Batch => {
    const taken = { documents: batch, specialPositions: batch[0]?.prefix.length ?? 0 };
    [batch, tokens] = [[], 0];
    return taken;
  };
  for await (const document of documents) {
    const differs = batch.length > 0 && batch[0]?.prefix.length !== document.prefix.length;
    if (differs || tokens >= batchTokens) yield take();
    batch.push(document);
    tokens += document.prefix.length + document.tokens.length;
  }
  if (batch.length > 0) yield take();
}

/** The concatenated tokens of a batch and the length of each document, in the format of the model. */
export function rowOf({ documents }: Batch): { tokens: Int32Array; lengths: Int32Array } {
  const lengths = Int32Array.from(documents, ({ prefix, tokens }) => prefix.length + tokens.length);
  const tokens = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const { prefix, tokens: own } of documents) {
    tokens.set(prefix, at);
    tokens.set(own, at + prefix.length);
    at += prefix.length + own.length;
  }
  return { tokens, lengths };
}
