import { log } from '../log';
import type { ReplacementModel } from '../replacement-model/replacement-model';
import { type Batch, inBatches, rowOf } from './batches';
import { readDocuments, type SkippedToken } from './documents';
import type { ResolvedHarvestOptions } from './options';
import type { TextPlace } from './state-file';
import { documentHash, type Tallies } from './tally';

/** A callback after each batch, with the bytes of the text read so far and the next position. */
export type Gathered = (bytesRead: number, next: TextPlace) => Promise<void>;

/** Run the corpus from a position on and collect statistics of its features. The next batch is read while one runs. */
export async function gather(
  model: ReplacementModel,
  options: ResolvedHarvestOptions,
  tallies: Tallies,
  first: TextPlace,
  gathered: Gathered,
): Promise<void> {
  const batches = inBatches(documentsFrom(model, options, first));
  let next = await batches.next();
  while (!next.done) {
    const batch: Batch = next.value;
    const { tokens, lengths } = rowOf(batch);
    const running = model.documentActivations(tokens, lengths, batch.specialPositions, options.signal);
    // An error while the next batch is read must not go unhandled.
    running.catch(() => undefined);
    next = await batches.next();
    count(batch, tokens, await running, tallies);
    const last = batch.documents.at(-1);
    const after = next.done ? undefined : next.value.documents[0];
    await gathered(last?.bytesRead ?? 0, { line: after?.line ?? 0, start: after?.start ?? 0 });
  }
}

/** Skip the documents before `first`. A line may be split into several documents, some of which have been counted. */
async function* documentsFrom(model: ReplacementModel, options: ResolvedHarvestOptions, first: TextPlace) {
  const warn = skippingWarner(model, options.text);
  for await (const document of readDocuments(model, options, (line) => line >= first.line, warn)) {
    if (document.line > first.line || document.start >= first.start) yield document;
  }
}

const maxWarnings = 20;

/** Log the positions where documents were split, up to a limit. */
function skippingWarner({ tokenizer }: ReplacementModel, text: string): (skipped: SkippedToken) => void {
  let warnings = 0;
  return ({ line, place, id }) => {
    if (warnings === maxWarnings)
      log().warn({ text }, 'further tokens beyond the embedding are omitted without warnings');
    if (warnings++ >= maxWarnings) return;
    log().warn(
      { text, line: line + 1, place, token: tokenizer?.decodeToken(id), id },
      "the text contains a token beyond the model's embedding: it is omitted, and the document is split there",
    );
  };
}

function count(
  { documents, specialPositions }: Batch,
  tokens: Int32Array,
  { indices, values }: { indices: Int32Array; values: Float32Array },
  tallies: Tallies,
): void {
  const owner = new Uint32Array(tokens.length);
  const begins: number[] = [];
  let at = 0;
  for (const [number, { tokens: own }] of documents.entries()) {
    begins.push(at);
    owner.fill(number, at, at + specialPositions + own.length);
    at += specialPositions + own.length;
    tallies.tokens += own.length;
  }
  const hashes = documents.map((document) => documentHash(document.tokens));
  for (let i = 0; i < values.length; i++) {
    const [layer = 0, row = 0, feature = 0] = [indices[3 * i], indices[3 * i + 1], indices[3 * i + 2]];
    const number = owner[row] ?? 0;
    const document = documents[number];
    if (!document) continue;
    tallies.of(layer, feature).add({
      value: values[i] ?? 0,
      line: document.line,
      position: document.start + row - (begins[number] ?? 0) - specialPositions,
      token: tokens[row] ?? 0,
      document: hashes[number] ?? 0,
    });
  }
}
