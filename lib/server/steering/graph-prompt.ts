import type { Json } from '../../graph-file/json-values';
import { parseNodeId } from '../../graph-file/node-id';
import { readMetadata, readNodes } from '../../graph-file/read';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import { Problem } from '../problem';

/**
 * The ids of a graph's tokens. Its file has them in the ids of its token nodes, which no pruning takes out; files of other
 * writers may lack some, and have their prompt tokenised.
 *
 * @param signal ends the tokenising of a long prompt
 * @throws Problem 422 when they aren't this model's: the graph is of another one.
 */
export async function promptOf(graph: Json, model: ReplacementModel, signal: AbortSignal): Promise<number[]> {
  const { prompt, promptTokens: strings } = readMetadata(graph);
  if (!strings) throw new Problem(422, 'ERR_FILE_FORMAT', "The graph's file has no prompt_tokens.");
  const tokens = tokensOfNodes(graph, strings.length) ?? (await tokenised(prompt, model, signal));
  const isSame = tokens.length === strings.length && tokens.every((id, i) => decoded(id, model) === strings[i]);
  if (isSame) return tokens;
  throw new Problem(
    422,
    'ERR_MODEL_MISMATCH',
    `The tokens of the graph are not those of the model ${model.name}. Start the server with the model it was made with.`,
  );
}

/** @returns undefined unless each of the positions has a token, and no other has. */
function tokensOfNodes(graph: Json, count: number): number[] | undefined {
  const tokens = new Map<number, number>();
  for (const { id } of readNodes(graph)) {
    const node = parseNodeId(id);
    if (node?.kind === 'token') tokens.set(node.position, node.tokenId);
  }
  const found = Array.from({ length: count }, (_, position) => tokens.get(position));
  return tokens.size === count && found.every((token) => token !== undefined) ? found : undefined;
}

/** On another thread, so that a long prompt does not hold up other requests. */
async function tokenised(prompt: string, { tokenizer }: ReplacementModel, signal: AbortSignal): Promise<number[]> {
  if (prompt === '') return [];
  const { tokens } = await tokenizer.prepareAsync(prompt, { signal });
  return [...tokens];
}

function decoded(id: number, model: ReplacementModel): string | undefined {
  return id >= model.spec.dVocab ? undefined : model.decodeToken(id);
}
