import type { NeuronpediaNames } from './neuronpedia';
import type { GraphMetadata } from './schema';

/** Information that people can add to a graph file. */
export interface GraphFileInfo {
  readonly description?: string;
  /** The author of the graph. */
  readonly creatorName?: string;
  readonly creatorUrl?: string;
  /** The URLs of the transcoders. Default: their repositories on the hub, if `scan` names them. */
  readonly sourceUrls?: readonly string[];
  /** Milliseconds since 1970. */
  readonly createTime?: number;
}

/** The metadata of a pruned graph. */
interface DescribedGraph {
  readonly graph: {
    readonly tokenStrings: readonly string[];
    readonly prompt: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly packageVersion: string;
  };
  readonly thresholds: { readonly nodeThreshold: number; readonly edgeThreshold: number };
}

interface MetadataInput {
  readonly slug: string;
  readonly scan: string | readonly string[];
  /** The name of a list of transcoders, one per layer: `custom-<hash>`. */
  readonly customScan: (transcoders: readonly string[]) => string;
  readonly info: GraphFileInfo;
  readonly neuronpedia: NeuronpediaNames | undefined;
}

export function graphMetadata(
  { graph, thresholds }: DescribedGraph,
  { slug, scan, customScan, info, neuronpedia }: MetadataInput,
): GraphMetadata {
  const set = typeof scan === 'string' ? scan : customScan(scan);
  const sourceSet = neuronpedia?.sourceSet;
  return {
    slug,
    scan: neuronpedia?.modelId ?? set,
    transcoder_list: typeof scan === 'string' ? [] : scan,
    prompt_tokens: graph.tokenStrings,
    prompt: graph.prompt,
    node_threshold: thresholds.nodeThreshold,
    schema_version: 1,
    generation_settings: snakeCase(graph.settings),
    pruning_settings: { node_threshold: thresholds.nodeThreshold, edge_threshold: thresholds.edgeThreshold },
    info: {
      generator: { name: 'circuit-tracer', version: graph.packageVersion },
      ...snakeInfo({ sourceUrls: hubAddresses(scan), ...info }),
      ...(neuronpedia && { transcoder_set: set }),
      ...(sourceSet !== undefined && { neuronpedia_source_set: sourceSet }),
    },
    ...(sourceSet !== undefined && { feature_details: { neuronpedia_source_set: sourceSet } }),
  };
}

/**
 * Graph files spell settings as `max_n_logits`. Readers that check types reject null, so unset settings are omitted.
 */
function snakeCase(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const spell = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const set = Object.entries(settings).filter(([, value]) => value != null);
  return Object.fromEntries(set.map(([name, value]) => [spell(name), value]));
}

function snakeInfo({ createTime, ...texts }: GraphFileInfo): Partial<GraphMetadata['info']> {
  return { ...snakeCase(texts), ...(createTime !== undefined && { create_time_ms: createTime }) };
}

/** No URL for local folders. */
function hubAddresses(scan: string | readonly string[]): string[] | undefined {
  const sets = typeof scan === 'string' ? [scan] : scan;
  const repositories = sets.map((set) => /^[\w-][\w.-]*\/[\w-][\w.-]*(?=$|\/\/|@)/.exec(set)?.[0]);
  const found = new Set(repositories.filter((repository) => repository !== undefined));
  return found.size === 0 ? undefined : [...found].map((repository) => `https://huggingface.co/${repository}`);
}
