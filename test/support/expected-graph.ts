import type { Graph } from '../../lib';
import type { ParityCase } from './fixtures';

/** The graph a case expects of its full run, without any attribution being run. */
export function expectedGraph(parity: ParityCase): ConstructorParameters<typeof Graph>[0] {
  const { layers, d_model } = parity.request.sizes;
  const tokens = parity.integers('input_tokens');
  const probabilities = parity.floats('logit_probabilities');
  return {
    prompt: parity.request.prompt.text,
    tokens,
    tokenStrings: Array.from(tokens, String),
    activeFeatures: parity.activeFeatures,
    activationValues: parity.floats('activation_values'),
    selectedFeatures: Int32Array.from({ length: parity.nFeatures }, (_, i) => i),
    edges: parity.edges,
    logits: Array.from(parity.integers('logit_token_ids'), (tokenId, i) => ({
      tokenId,
      token: String(tokenId),
      weight: probabilities[i] ?? Number.NaN,
    })),
    scan: parity.request.scan,
    model: {
      family: 'llama',
      modelName: parity.name,
      nLayers: layers,
      dModel: d_model,
      dVocab: parity.tensor('logits').shape[1] ?? 0,
    },
    settings: {},
    timings: {},
    packageVersion: '0.0.0',
  };
}
