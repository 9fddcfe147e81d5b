import { CircuitTracerError } from '../errors';
import { makeFolder } from '../io/files';
import type { Tokenizer } from '../model/tokenizer';
import { readCorpus } from './corpus';
import type { ResolvedHarvestOptions } from './options';

/**
 * Check before the long work that there is text, by reading the first document, and that the folder can be created.
 *
 * @throws CircuitTracerError as `readCorpus` and `makeFolder`; `ERR_FILE_FORMAT` for a file without text.
 */
export async function checkHarvestFiles({ text, out }: Pick<ResolvedHarvestOptions, 'text' | 'out'>): Promise<void> {
  const documents = readCorpus(text);
  const first = await documents.next();
  await documents.return(undefined);
  if (first.done) throw noText(text);
  await makeFolder(out);
}

export function noText(file: string): CircuitTracerError {
  return new CircuitTracerError('ERR_FILE_FORMAT', `${file}: expected text, found none.`);
}

/**
 * Check that the context has room for text, given the tokenizer's special tokens.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` without a tokenizer; `ERR_INVALID_ARGUMENT` for a context without room for
 * text.
 */
export async function checkHarvestModel(
  { tokenizer }: { readonly tokenizer: Tokenizer | undefined },
  { context }: Pick<ResolvedHarvestOptions, 'context'>,
): Promise<void> {
  if (!tokenizer) throw new CircuitTracerError('ERR_TOKENIZER', 'A corpus is text: load a model with a tokenizer.');
  const { specialPositions } = await tokenizer.prepare('a');
  checkContext(context, specialPositions);
}

/**
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless the context has room for a token after the leading special
 * tokens.
 */
export function checkContext(context: number, specialPositions: number): void {
  if (context > specialPositions) return;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `context must exceed the ${specialPositions} special tokens in front of a document; found ${context}.`,
  );
}
