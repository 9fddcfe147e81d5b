import type { ReplacementModel } from '../../replacement-model/replacement-model';
import { Problem } from '../problem';

/**
 * The ids of a graph's tokens. Its file has them in the ids of its token nodes, `E_<token>_<position>`, which no pruning
 * takes out; files of other writers may lack some, and have their prompt tokenised.
 *
 * @throws Problem 422 when they aren't this model's: the graph is of another one.
 */
export function promptOf(graph: Record<string, unknown>, model: ReplacementModel): number[] {
  const { prompt, prompt_tokens: strings } = (graph.metadata ?? {}) as Record<string, unknown>;
  if (!Array.isArray(strings)) throw new Problem(422, 'ERR_FILE_FORMAT', "The graph's file has no prompt_tokens.");
  const tokens = tokensOfNodes(graph.nodes, strings.length) ?? tokenised(prompt, model);
  const isSame = tokens.length === strings.length && tokens.every((id, i) => decoded(id, model) === strings[i]);
  if (isSame) return tokens;
  throw new Problem(
    422,
    'ERR_MODEL_MISMATCH',
    `The tokens of the graph are not those of the model ${model.name}. Start the server with the model it was made with.`,
  );
}

function tokensOfNodes(nodes: unknown, count: number): number[] | undefined {
  const tokens: number[] = [];
  for (const node of Array.isArray(nodes) ? nodes : []) {
    const [, token, position] = /^E_(\d+)_(\d+)$/.exec(String(node?.node_id)) ?? [];
    if (position !== undefined) tokens[Number(position)] = Number(token);
  }
  return tokens.length === count && !tokens.includes(undefined as never) ? tokens : undefined;
}

function tokenised(prompt: unknown, { tokenizer }: ReplacementModel): number[] {
  return tokenizer && typeof prompt === 'string' && prompt !== '' ? [...tokenizer.prepare(prompt).tokens] : [];
}

function decoded(id: number, model: ReplacementModel): string | undefined {
  return id >= model.spec.dVocab ? undefined : model.decodeToken(id);
}
