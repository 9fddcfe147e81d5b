import Ajv, { type ValidateFunction } from 'ajv';

/**
 * What Neuronpedia's validator and upload ask of a file; fields it leaves out may be anything. After
 * apps/webapp/app/api/graph/{graph-schema,feature-details-schema}.json, signed-put and save-to-db of
 * github.com/hijohnnylin/neuronpedia, 2026-08.
 */
const text = { type: 'string' };
const number = { type: 'number' };
const integer = { type: 'integer' };
const list = (items: object) => ({ type: 'array', items });
const object = (properties: object, required: readonly string[] = []) => ({ type: 'object', properties, required });

const metadata = object(
  {
    slug: text,
    scan: text,
    prompt_tokens: list(text),
    prompt: text,
    feature_details: object({
      feature_json_base_url: text,
      neuronpedia_source_set: text,
      neuronpedia_lorsa_source_set: text,
    }),
    node_threshold: number,
    info: object({
      description: text,
      creator_name: text,
      creator_url: text,
      source_urls: { type: 'array' },
      generator: object({ name: text, version: text, url: text, email: text }),
      create_time_ms: number,
    }),
    generation_settings: object({
      max_n_logits: integer,
      desired_logit_prob: number,
      batch_size: integer,
      max_feature_nodes: integer,
    }),
    pruning_settings: object({ node_threshold: number, edge_threshold: number }),
  },
  ['slug', 'scan', 'prompt_tokens', 'prompt'],
);

const node = object(
  {
    node_id: text,
    feature: { type: ['integer', 'null'] },
    layer: { type: ['string', 'integer'] },
    ctx_idx: integer,
    feature_type: text,
    jsNodeId: text,
    clerp: text,
    influence: { type: ['number', 'null'] },
    activation: { type: ['number', 'null'] },
  },
  ['node_id', 'feature', 'layer', 'ctx_idx', 'feature_type', 'jsNodeId', 'clerp'],
);

const graph = object(
  {
    metadata,
    qParams: object({
      pinnedIds: list(text),
      supernodes: { type: 'array' },
      linkType: text,
      clickedId: text,
      sg_pos: text,
    }),
    nodes: list(node),
    links: list(object({ source: text, target: text, weight: number }, ['source', 'target', 'weight'])),
  },
  ['metadata', 'qParams', 'nodes', 'links'],
);

const name = { type: 'string', pattern: '^[a-zA-Z0-9_.-]+$' };
const uploadable = { allOf: [graph, object({ metadata: object({ slug: name, scan: name }) })] };

const example = object({ tokens: list(text), tokens_acts_list: list(number) }, ['tokens', 'tokens_acts_list']);
const feature = object(
  {
    index: number,
    examples_quantiles: list(object({ quantile_name: text, examples: list(example) }, ['quantile_name'])),
    top_logits: list(text),
    bottom_logits: list(text),
  },
  ['index', 'examples_quantiles'],
);

const ajv = new Ajv({ allErrors: true, strict: false });

function problemsOf(validate: ValidateFunction): (value: unknown) => string[] {
  return (value) => {
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || 'root'}: ${message}`);
  };
}

export const graphProblems = problemsOf(ajv.compile(graph));
export const uploadProblems = problemsOf(ajv.compile(uploadable));
export const featureProblems = problemsOf(ajv.compile(feature));

/** Bytes its upload takes. */
export const uploadSize = { least: 1024, most: 100 * 2 ** 20 };
