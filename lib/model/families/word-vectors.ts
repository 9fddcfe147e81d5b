import type { TensorSource } from '../../io/tensor-source';
import { type Checkpoint, requireTensor } from '../checkpoint';
import type { ModelSpec } from '../spec';

/**
 * Embedding and unembedding, as stored. Of a pair stored as one of the two, that one serves as both.
 *
 * @throws CircuitTracerError `ERR_WEIGHT` when neither is stored, or one has a wrong shape or number format.
 */
export function wordVectors(
  checkpoint: Checkpoint,
  embeddingName: string,
  headName: string,
  { dVocab, dModel }: ModelSpec,
): { 'embed.W_E': TensorSource; 'unembed.W_U': TensorSource } {
  const stored = (name: string) => checkpoint.tensors.has(name) || checkpoint.otherTensors.has(name);
  const vectors = (name: string) => requireTensor(checkpoint, name, [dVocab, dModel]);
  if (stored(headName) && !stored(embeddingName)) {
    return { 'embed.W_E': vectors(headName), 'unembed.W_U': vectors(headName) };
  }
  const embedding = vectors(embeddingName);
  return { 'embed.W_E': embedding, 'unembed.W_U': stored(headName) ? vectors(headName) : embedding };
}
