import { CircuitTracerError } from '../../errors';
import type { ReplacementModel } from '../../model/replacement-model';
import { checkNotAborted } from '../../validate';
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

/**
 * The lines of a corpus as documents: tokenised, and cut into stretches that fit the context with the special tokens that go in
 * front of each.
 *
 * @param wanted lines to tokenise; others are passed over
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
): AsyncGenerator<Document> {
  for await (const { line, text: document, bytesRead } of readCorpus(text)) {
    checkNotAborted(signal);
    if (!wanted(line)) continue;
    const { tokens, zeroPositions } = tokensOf(model, document, `${text}, line ${line + 1}`);
    const prefix = Int32Array.from(tokens.slice(0, zeroPositions));
    const step = context - zeroPositions;
    if (step < 1)
      throw new CircuitTracerError(
        'ERR_INVALID_ARGUMENT',
        `context must exceed the ${zeroPositions} special tokens in front of a document; found ${context}.`,
      );
    const body = Int32Array.from(tokens.slice(zeroPositions));
    if (body.length > longestLineTokens) throw tooLong(`${text}, line ${line + 1}`, body.length);
    for (let start = 0; start < body.length; start += step) {
      yield { line, start, prefix, tokens: body.subarray(start, start + step), bytesRead };
    }
  }
}

function tokensOf(model: ReplacementModel, text: string, where: string) {
  try {
    if (model.tokenizer) return model.tokenizer.prepare(text);
  } catch (error) {
    if (!(error instanceof CircuitTracerError)) throw error;
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
