import type { Json } from '../../graph-file/json-values';
import { parseNodeId } from '../../graph-file/node-id';
import { readMetadata, readNodes } from '../../graph-file/read';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import { Problem } from '../problem';

/**
 * The token ids of a graph. They are in the ids of its token nodes, which pruning never removes. The files of other
 * writers may lack some, in which case the prompt is tokenised.
 *
 * @param signal stops the tokenising of a long prompt
 * @throws Problem 422 when the tokens are not those of this model.
 */
export async function promptOf(graph: Json, model: ReplacementModel, signal: AbortSignal): Promise<number[]> {
  const { prompt, promptTokens: strings } = readMetadata(graph);
  if (!strings) throw new Problem(422, 'ERR_FILE_FORMAT', 'The graph file has no prompt_tokens.');
  const tokens = tokensOfNodes(graph, strings.length) ?? (await tokenised(prompt, model, signal));
  const isSame = tokens.length === strings.length && tokens.every((id, i) => decoded(id, model) === strings[i]);
  if (isSame) return tokens;
  throw new Problem(
    422,
    'ERR_MODEL_MISMATCH',
    `The tokens of the graph do not match the model ${model.name}. Start the server with the model that made the graph.`,
  );
}

/** @returns undefined unless there is exactly one token for each position. */
function tokensOfNodes(graph: Json, count: number): number[] | undefined {
  const tokens = new Map<number, number>();
  for (const { id } of readNodes(graph)) {
    const node = parseNodeId(id);
    if (node?.kind === 'token') tokens.set(node.position, node.tokenId);
  }
  const found = Array.from({ length: count }, (_, position) => tokens.get(position));
  return tokens.size === count && found.every((token) => token !== undefined) ? found : undefined;
}

/** Tokenise on another thread, so that a long prompt does not block other requests. */
async function tokenised(prompt: string, { tokenizer }: ReplacementModel, signal: AbortSignal): Promise<number[]> {
  if (prompt === '') return [];
  const { tokens } = await tokenizer.prepareAsync(prompt, { signal });
  return [...tokens];
}

function decoded(id: number, model: ReplacementModel): string | undefined {
  return id >= model.spec.dVocab ? undefined : model.decodeToken(id);
}
