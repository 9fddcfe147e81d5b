import type { GraphData } from '../../../../lib';
import { loadCase } from '../../../support/fixtures';

/** A graph file as the reference wrote it. */
export interface ReferenceFile {
  metadata: { prompt: string; prompt_tokens: string[]; scan: string };
  qParams: Record<string, unknown>;
  nodes: { node_id: string; feature_type: string; clerp: string; influence: number | null }[];
  links: { source: string; target: string; weight: number }[];
}

export interface ReferenceRun {
  data: GraphData;
  file: ReferenceFile;
  nodeThreshold: number;
  edgeThreshold: number;
}

/** The full run, or the one over the most influential features; undefined where the reference has none. */
export async function referenceRun(name: string, slug: 'graph' | 'graph_partial'): Promise<ReferenceRun | undefined> {
  const parity = await loadCase(name);
  const file = parity.graphFile(slug) as unknown as ReferenceFile | undefined;
  const settings = parity.request.settings.graph_json[slug];
  if (!file || !settings) return undefined;
  const whole = Int32Array.from({ length: parity.nFeatures }, (_, i) => i);
  const selectedFeatures = slug === 'graph' ? whole : parity.integers('partial.selected_features');
  const labels = file.nodes.filter((node) => node.feature_type === 'logit').map((node) => node.clerp);
  const probabilities = parity.floats('logit_probabilities');
  const { layers: nLayers, d_model: dModel } = parity.request.sizes;
  const data: GraphData = {
    prompt: file.metadata.prompt,
    tokens: parity.integers('input_tokens'),
    tokenStrings: file.metadata.prompt_tokens,
    activeFeatures: parity.activeFeatures,
    activationValues: parity.floats('activation_values'),
    selectedFeatures,
    edges: parity.edgesAmong(selectedFeatures),
    logits: Array.from(parity.integers('logit_token_ids'), (tokenId, rank) => ({
      tokenId,
      token: labels[rank]?.match(/^Output "(.*)" \(p=/s)?.[1] ?? '',
      weight: probabilities[rank] ?? Number.NaN,
    })),
    scan: file.metadata.scan,
    model: { family: 'test', modelName: name, nLayers, dModel, dVocab: parity.tensor('logits').shape[1] ?? 0 },
    settings: { maxNLogits: 6 },
    timings: { forward: 0.5 },
    packageVersion: '1.2.3',
  };
  return { data, file, nodeThreshold: settings.node_threshold, edgeThreshold: settings.edge_threshold };
}
