import { dirname, join } from 'node:path';
import { sameNumbers } from '../io/same-numbers';
import type { TensorSource } from '../io/tensor-source';
import { log } from '../log';
import type { ModelPlan } from './families/family';

/**
 * Determine the head as transformers 5 does, and warn if config.json and the weights disagree. A stored head that
 * should be tied to the embedding is used if it differs, and shares its memory if it is equal. If a separate head is
 * missing, the embedding is used.
 *
 * @throws CircuitTracerError `ABORT_ERR`, or `ERR_FILE_READ` when the stored numbers cannot be compared.
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
    `${configPath(head)}: tie_word_embeddings ties the unembedding to the embedding, but ${head.name} is stored and ` +
      `differs from ${embedding.name}. ${head.name} is used. If this is correct, set tie_word_embeddings to false.`,
  );
  return plan;
}

function warnMissing(stored: TensorSource): void {
  log().warn(
    `${configPath(stored)}: tie_word_embeddings, false or missing, requires a separate unembedding, but none ` +
      `is stored. ${stored.name} serves as both. If this is correct, set tie_word_embeddings to true.`,
  );
}

function configPath({ file }: TensorSource): string {
  return join(dirname(file ?? ''), 'config.json');
}
