import type { Command } from 'commander';
import { type FetchOptions, Hub } from '../../hub/plan';
import { locateTokenizer } from '../../model/locate';
import { Tokenizer } from '../../model/tokenizer';

/** Graphs in `.pt` files do not contain the texts of their tokens. */
export function addTokenizerOption(command: Command): Command {
  return command.option(
    '-m, --model <name>',
    'model with the tokenizer for the tokens of a .pt graph: folder or org/repo',
  );
}

/** The tokenizer of the model that the flag names, fetched if necessary. Undefined without the flag. */
export async function tokenizerOf(
  model: string | undefined,
  fetching: Pick<FetchOptions, 'signal' | 'onProgress'>,
): Promise<Tokenizer | undefined> {
  return model === undefined ? undefined : Tokenizer.load(await locateTokenizer(model, await Hub.open(fetching)));
}
