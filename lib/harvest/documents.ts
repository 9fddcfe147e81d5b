import { CircuitTracerError } from '../errors';
import type { ReplacementModel } from '../replacement-model/replacement-model';
import { checkNotAborted } from '../validate';
import { checkContext } from './check';
import { readCorpus } from './corpus';
import { longestLineTokens } from './place-heap';

/** A stretch of a line of the corpus, as the model runs it. */
export interface Document {
  readonly line: number;
  /** Place of its first token among the line's, special ones in front not counted. */
  readonly start: number;
  /** Tokens without the special ones in front. */
  readonly tokens: Int32Array;
  /** Special tokens in front. */
  readonly prefix: Int32Array;
  /** How far the text has been read, in bytes. */
  readonly bytesRead: number;
}

/** A token of the text that the model has no row in its embedding for; the document is cut there. */
export interface SkippedToken {
  readonly line: number;
  /** Among the line's tokens, special ones in front not counted. */
  readonly place: number;
  readonly id: number;
}

/**
 * The lines of a corpus as documents: tokenised, and cut into stretches that fit the context with the special tokens that go in
 * front of each. A document is cut at tokens beyond the model's embedding, as the text of `<image_soft_token>` is in a Gemma 3.
 *
 * @param wanted lines to tokenise; others are passed over
 * @param onSkipped told of each token that is left out
 * @throws CircuitTracerError what `readCorpus` throws; `ABORT_ERR`; `ERR_FILE_FORMAT` for a line that can't be tokenised.
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
    const prepared = await tokensOf(model, document, `${text}, line ${line + 1}`, skip, signal);
    if (!prepared) continue;
    const { tokens, specialPositions } = prepared;
    const prefix = Int32Array.from(tokens.slice(0, specialPositions));
    checkContext(context, specialPositions);
    const step = context - specialPositions;
    const body = Int32Array.from(tokens.slice(specialPositions));
    if (body.length > longestLineTokens) throw tooLong(`${text}, line ${line + 1}`, body.length);
    for (const [begin, end] of stretchesWithin(body, model, skip)) {
      for (let start = begin; start < end; start += step) {
        yield { line, start, prefix, tokens: body.subarray(start, Math.min(start + step, end)), bytesRead };
      }
    }
  }
}

type Skip = (place: number, id: number) => void;

/** Where the tokens stand that the model has no row in its embedding for, and the stretches between them. */
function stretchesWithin(tokens: Int32Array, { spec }: ReplacementModel, skip: Skip): [number, number][] {
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

/** Undefined for a line of nothing but tokens beyond the embedding. */
async function tokensOf(
  { tokenizer, spec }: ReplacementModel,
  text: string,
  where: string,
  skip: Skip,
  signal: AbortSignal | undefined,
) {
  try {
    if (tokenizer) {
      const prepared = await tokenizer.prepareAsync(text, { signal });
      // A special token begins a prompt by right; beyond the embedding it can't, and another goes in front.
      const begin = prepared.tokens.findIndex((id) => id < spec.dVocab);
      for (const id of prepared.tokens.slice(0, begin < 0 ? undefined : begin)) skip(0, id);
      if (begin === 0) return prepared;
      return begin < 0 ? undefined : tokenizer.prepare(prepared.tokens.slice(begin));
    }
  } catch (error) {
    if (!(error instanceof CircuitTracerError) || error.code === 'ABORT_ERR') throw error;
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${where}: ${error.message}`, { cause: error });
  }
  throw new CircuitTracerError('ERR_TOKENIZER', 'A corpus is text: load a model with a tokenizer.');
}

function tooLong(where: string, tokens: number): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${where}: expected a document of at most ${longestLineTokens} tokens, found ${tokens}. Break it into lines.`,
  );
}
