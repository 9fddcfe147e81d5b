import { dirname, join } from 'node:path';
import { sameNumbers } from '../io/same-numbers';
import type { TensorSource } from '../io/tensor-source';
import { log } from '../log';
import type { ModelPlan } from './families/family';

/**
 * Settle what the head is where config.json and the weights may disagree, as transformers 5 does, and warn where they do:
 * a head stored beside the embedding it should be tied to is used when it differs, and shares its memory when it is equal;
 * one that should be stored and isn't is the embedding.
 *
 * @throws CircuitTracerError `ABORT_ERR`, or `ERR_FILE_READ` where the stored numbers can't be compared.
 */
export async function settleHead(plan: ModelPlan, signal?: AbortSignal): Promise<ModelPlan> {
  const { 'embed.W_E': embedding, 'unembed.W_U': head } = plan.weights as Record<string, TensorSource>;
  if (!embedding || !head) return plan;
  const one = head.file === embedding.file && head.offset === embedding.offset;
  if (one && !plan.tied) warnMissing(embedding);
  if (one || !plan.tied) return plan;
  if (await sameNumbers(embedding, head, signal)) {
    return { ...plan, weights: { ...plan.weights, 'unembed.W_U': embedding } };
  }
  log().warn(
    `${configOf(head)}: tie_word_embeddings says that the unembedding is the embedding, but ${head.name} is stored and ` +
      `differs from ${embedding.name}; ${head.name} is used. Set tie_word_embeddings to false if that is right.`,
  );
  return plan;
}

function warnMissing(stored: TensorSource): void {
  log().warn(
    `${configOf(stored)}: tie_word_embeddings, false or missing, says that the unembedding is a weight of its own, but none ` +
      `is stored; ${stored.name} serves as both. Set tie_word_embeddings to true if that is right.`,
  );
}

function configOf({ file }: TensorSource): string {
  return join(dirname(file ?? ''), 'config.json');
}
