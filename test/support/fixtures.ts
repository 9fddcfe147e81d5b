import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { FeatureIntervention } from '../../lib';
import { readSafetensorsArrays } from '../../lib/io/safetensors';

export const parityDir = path.join(__dirname, '..', 'integration', 'parity');
export const modelDir = (name: string): string => path.join(parityDir, 'models', name);
export const transcoderDir = (name: string): string => path.join(parityDir, 'transcoders', name);

export const caseNames: readonly string[] = readdirSync(path.join(parityDir, 'cases')).sort();

/** `case.json`, as far as the tests read it. */
export interface CaseRequest {
  model: string;
  transcoders: string;
  scan: string;
  prompt: { text: string; token_ids: number[]; zero_positions: number[] };
  sizes: { layers: number; positions: number; d_model: number; features_per_layer: number; active_features: number };
  settings: {
    attribution: { max_n_logits: number; desired_logit_prob: number; batch_size: number };
    partial: { max_feature_nodes: number; batch_size: number; update_interval: number };
    prune: { node_threshold: number; edge_threshold: number }[];
    graph_json: Record<string, { slug: string; node_threshold: number; edge_threshold: number }>;
  };
  scores: { replacement: number; completeness: number };
  interventions: Record<
    string,
    { specs: FeatureIntervention[]; constrained_layers: number[] | null; freeze_attention: boolean }
  >;
  generation: {
    specs: FeatureIntervention[];
    steps: number;
    runs: Record<string, { kv_cache: boolean; freeze_attention: boolean }>;
  };
  targets: Record<'ids', { request: number[]; result: ExpectedTarget[] }> &
    Record<'strings', { request: string[]; result: ExpectedTarget[] }> &
    Record<'custom', { request: { token: string; prob: number }[]; result: ExpectedTarget[] }>;
  tokenization: Record<
    'transformerlens' | 'plain',
    { text: string; token_ids?: number[]; error?: string }[] | undefined
  >;
}

export interface ExpectedTarget {
  token: string;
  vocab_idx: number;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export interface ExpectedPruning {
  readonly nodeThreshold: number;
  readonly edgeThreshold: number;
  /** [M] */
  readonly nodeMask: Uint8Array;
  /** [N + K, M] */
  readonly edgeMask: Uint8Array;
  /** [M] */
  readonly cumulativeScores: Float32Array;
  readonly nodeCut: number;
  readonly edgeCut: number;
}

/** One request and the numbers expected of it; `test/integration/parity/README.md` names the sizes. */
export class ParityCase {
  readonly modelDir: string;
  readonly transcoderDir: string;
  /** [N, 3] of (layer, position, feature) */
  readonly activeFeatures: Int32Array;
  /** [N + K, M], row-major */
  readonly edges: Float32Array;
  readonly nFeatures: number;
  readonly nLogits: number;
  readonly nNodes: number;

  constructor(
    readonly name: string,
    readonly request: CaseRequest,
    private readonly tensors: ReadonlyMap<string, Tensor>,
  ) {
    const { layers, positions } = request.sizes;
    this.modelDir = path.join(parityDir, request.model);
    this.transcoderDir = path.join(parityDir, request.transcoders);
    this.activeFeatures = this.unfoldPlaces('active_features');
    this.nFeatures = this.integers('active_features').length;
    this.nLogits = this.integers('logit_token_ids').length;
    this.nNodes = this.nFeatures + layers * positions + positions + this.nLogits;
    this.edges = this.denseEdges();
  }

  tensor(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new Error(`${this.name}: no tensor "${name}" among ${[...this.tensors.keys()].join(', ')}`);
    return tensor;
  }

  floats(name: string): Float32Array {
    return this.tensor(name).data as Float32Array;
  }

  integers(name: string): Int32Array {
    return this.tensor(name).data as Int32Array;
  }

  /** Place numbers as triples (layer, position, feature). */
  unfoldPlaces(name: string): Int32Array {
    const { positions, features_per_layer: features } = this.request.sizes;
    const triples = [...this.integers(name)].flatMap((place) => {
      const row = Math.floor(place / features);
      return [Math.floor(row / positions), row % positions, place % features];
    });
    return Int32Array.from(triples);
  }

  pruning(index: number): ExpectedPruning {
    const settings = this.request.settings.prune[index];
    if (!settings) throw new Error(`${this.name}: no settings.prune[${index}]`);
    const [nodeCut = 0, edgeCut = 0] = this.floats(`prune${index}.cutoffs`);
    const kept = this.tensor(`prune${index}.edges`).data as Uint8Array;
    let seen = 0;
    const edgeMask = Uint8Array.from(this.edges, (weight) => (weight === 0 ? 0 : bit(kept, seen++)));
    return {
      nodeThreshold: settings.node_threshold,
      edgeThreshold: settings.edge_threshold,
      nodeMask: this.tensor(`prune${index}.node_mask`).data as Uint8Array,
      edgeMask,
      cumulativeScores: this.floats(`prune${index}.cumulative_scores`),
      nodeCut,
      edgeCut,
    };
  }

  /** Edges among some of the features: rows of those features and the logits, columns of those and all other nodes. */
  edgesAmong(selected: Int32Array): Float32Array {
    const chosen = [...selected];
    const rest = Array.from({ length: this.nNodes - this.nFeatures }, (_, i) => this.nFeatures + i);
    const columns = [...chosen, ...rest];
    const logitRows = Array.from({ length: this.nLogits }, (_, i) => this.nFeatures + i);
    const picked = [...chosen, ...logitRows].flatMap((row) =>
      columns.map((column) => this.edges[row * this.nNodes + column] ?? Number.NaN),
    );
    return Float32Array.from(picked);
  }

  /** A graph file of the reference: `graph`, `graph_partial` or `graph_custom`; undefined when the case has none. */
  graphFile(name: string): Record<string, unknown> | undefined {
    if (!this.request.settings.graph_json[name]) return undefined;
    return JSON.parse(readFileSync(path.join(parityDir, 'cases', this.name, `${name}.json`), 'utf8'));
  }

  private denseEdges(): Float32Array {
    const mask = this.tensor('edges.nonzero').data as Uint8Array;
    const values = this.floats('edges.values');
    const edges = new Float32Array((this.nFeatures + this.nLogits) * this.nNodes);
    let seen = 0;
    for (let i = 0; i < edges.length; i++) if (bit(mask, i)) edges[i] = values[seen++] ?? Number.NaN;
    return edges;
  }
}

function bit(mask: Uint8Array, index: number): 0 | 1 {
  return (((mask[index >> 3] ?? 0) >> (index & 7)) & 1) as 0 | 1;
}

export async function loadCase(name: string): Promise<ParityCase> {
  const folder = path.join(parityDir, 'cases', name);
  const request = JSON.parse(readFileSync(path.join(folder, 'case.json'), 'utf8')) as CaseRequest;
  const { arrays } = await readSafetensorsArrays(path.join(folder, 'expected.safetensors'));
  return new ParityCase(name, request, arrays as ReadonlyMap<string, Tensor>);
}
