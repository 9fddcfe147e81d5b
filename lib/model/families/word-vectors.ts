import type { ModelSpec } from '../../engine/model-spec';
import type { TensorSource } from '../../io/tensor-source';
import { type Checkpoint, requireTensor } from '../checkpoint';

/**
 * The embedding and unembedding as stored. If one is missing, the other serves as both; the head does so only if
 * config.json ties the two.
 *
 * @throws CircuitTracerError `ERR_WEIGHT` when neither is usable, or one has the wrong shape or number format.
 */
export function wordVectors(
  checkpoint: Checkpoint,
  embeddingName: string,
  headName: string,
  { dVocab, dModel }: ModelSpec,
  tied: boolean,
): { 'embed.W_E': TensorSource; 'unembed.W_U': TensorSource } {
  const stored = (name: string) => checkpoint.tensors.has(name) || checkpoint.otherTensors.has(name);
  const vectors = (name: string) => requireTensor(checkpoint, name, [dVocab, dModel]);
  if (tied && stored(headName) && !stored(embeddingName)) {
    return { 'embed.W_E': vectors(headName), 'unembed.W_U': vectors(headName) };
  }
  const embedding = vectors(embeddingName);
  return { 'embed.W_E': embedding, 'unembed.W_U': stored(headName) ? vectors(headName) : embedding };
}
