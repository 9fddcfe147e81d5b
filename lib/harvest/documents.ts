import { CircuitTracerError } from '../errors';
import type { ReplacementModel } from '../replacement-model/replacement-model';
import { checkNotAborted } from '../validate';
import { checkContext } from './check';
import { readCorpus } from './corpus';
import { longestLineTokens } from './place-heap';

/** A part of a line of the corpus, ready to run. */
export interface Document {
  readonly line: number;
  /** The index of its first token in the line, not counting leading special tokens. */
  readonly start: number;
  /** The tokens without leading special tokens. */
  readonly tokens: Int32Array;
  /** The leading special tokens. */
  readonly prefix: Int32Array;
  /** The number of bytes of the text read so far. */
  readonly bytesRead: number;
}

/** A token of the text without a row in the model's embedding. The document is split there. */
export interface SkippedToken {
  readonly line: number;
  /** The index in the line, not counting leading special tokens. */
  readonly place: number;
  readonly id: number;
}

/**
 * Read the lines of a corpus as documents: tokenised, and split into parts that fit the context together with their
 * leading special tokens. A document is split at tokens beyond the model's embedding, such as the text
 * `<image_soft_token>` in Gemma 3.
 *
 * @param wanted the lines to tokenise; others are skipped
 * @param onSkipped called for each omitted token
 * @throws CircuitTracerError as `readCorpus`; `ABORT_ERR`; `ERR_FILE_FORMAT` for a line that cannot be tokenised.
 */
export async function* readDocuments(
  model: ReplacementModel,
  {
    text,
    context,
    signal,
  }: { readonly text: string; readonly context: number; readonly signal?: AbortSignal | undefined },
  wanted: (line: number) => boolean,
  onSkipped?: (skipped: SkippedToken) => void,
): AsyncGenerator<Document> {
  for await (const { line, text: document, bytesRead } of readCorpus(text)) {
    checkNotAborted(signal);
    if (!wanted(line)) continue;
    const skip = (place: number, id: number) => onSkipped?.({ line, place, id });
    const prepared = await tokenise(model, document, `${text}, line ${line + 1}`, skip, signal);
    if (!prepared) continue;
    const { tokens, specialPositions } = prepared;
    const prefix = Int32Array.from(tokens.slice(0, specialPositions));
    checkContext(context, specialPositions);
    const step = context - specialPositions;
    const body = Int32Array.from(tokens.slice(specialPositions));
    if (body.length > longestLineTokens) throw tooLong(`${text}, line ${line + 1}`, body.length);
    for (const [begin, end] of embeddedRanges(body, model, skip)) {
      for (let start = begin; start < end; start += step) {
        yield { line, start, prefix, tokens: body.subarray(start, Math.min(start + step, end)), bytesRead };
      }
    }
  }
}

type Skip = (place: number, id: number) => void;

/** Report the tokens without a row in the model's embedding, and return the ranges between them. */
function embeddedRanges(tokens: Int32Array, { spec }: ReplacementModel, skip: Skip): [number, number][] {
  const out: [number, number][] = [];
  let begin = 0;
  for (const [place, id] of tokens.entries()) {
    if (id < spec.dVocab) continue;
    skip(place, id);
    if (begin < place) out.push([begin, place]);
    begin = place + 1;
  }
  if (begin < tokens.length) out.push([begin, tokens.length]);
  return out;
}

/** Tokenise a line. Undefined if all its tokens are beyond the embedding. */
async function tokenise(
  { tokenizer, spec }: ReplacementModel,
  text: string,
  where: string,
  skip: Skip,
  signal: AbortSignal | undefined,
) {
  try {
    if (tokenizer) {
      const prepared = await tokenizer.prepareAsync(text, { signal });
      // A line that begins with a special token needs no other, unless that token is beyond the embedding.
      const begin = prepared.tokens.findIndex((id) => id < spec.dVocab);
      for (const id of prepared.tokens.slice(0, begin < 0 ? undefined : begin)) skip(0, id);
      if (begin === 0) return prepared;
      return begin < 0 ? undefined : tokenizer.prepare(prepared.tokens.slice(begin));
    }
  } catch (error) {
    if (!(error instanceof CircuitTracerError) || error.code === 'ABORT_ERR') throw error;
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${where}: ${error.message}`, { cause: error });
  }
  throw new CircuitTracerError(
    'ERR_TOKENIZER',
    'A corpus is text, so the model needs a tokenizer. Load a model that has one.',
  );
}

function tooLong(where: string, tokens: number): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${where}: expected a document of at most ${longestLineTokens} tokens, found ${tokens}. Split it into lines.`,
  );
}
