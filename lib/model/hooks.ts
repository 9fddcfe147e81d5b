import type { ModelSpec } from '../engine/model-spec';
import { CircuitTracerError } from '../errors';
import { describe, nearest } from '../validate';

interface HookPoint {
  readonly name: string;
  /** The shape in letters: n positions, D dModel, V dVocab, H heads, K key/value heads, d dHead. */
  readonly shape: string;
  readonly exists?: (spec: ModelSpec) => boolean;
}

const rotary = (spec: ModelSpec) => spec.positionEmbedding === 'rotary';
const learnedPositions = (spec: ModelSpec) => spec.positionEmbedding === 'learned';
const queryKeyNorm = (spec: ModelSpec) => spec.queryKeyNorm;
const postNorms = (spec: ModelSpec) => spec.postNorms;
const sequential = (spec: ModelSpec) => !spec.parallelBlocks;

const beforeBlocks: readonly HookPoint[] = [
  { name: 'hook_embed', shape: '[n, D]' }, // scaled rows of the embedding
  { name: 'hook_pos_embed', shape: '[n, D]', exists: learnedPositions },
];

/**
 * The hook points of a block in the order of the forward pass. The names are those of TransformerLens, plus
 * `mlp.hook_in` and `mlp.hook_out`.
 */
const inBlock: readonly HookPoint[] = [
  { name: 'hook_resid_pre', shape: '[n, D]' },
  { name: 'ln1.hook_scale', shape: '[n, 1]' },
  { name: 'ln1.hook_normalized', shape: '[n, D]' }, // before the gain, as in ln2 and ln_final
  { name: 'attn.hook_q', shape: '[n, H, d]' },
  { name: 'attn.hook_k', shape: '[n, K, d]' },
  { name: 'attn.hook_v', shape: '[n, K, d]' },
  { name: 'attn.q_norm.hook_scale', shape: '[n, H, 1]', exists: queryKeyNorm },
  { name: 'attn.k_norm.hook_scale', shape: '[n, K, 1]', exists: queryKeyNorm },
  { name: 'attn.hook_rot_q', shape: '[n, H, d]', exists: rotary },
  { name: 'attn.hook_rot_k', shape: '[n, K, d]', exists: rotary },
  { name: 'attn.hook_attn_scores', shape: '[H, n, n]' },
  { name: 'attn.hook_pattern', shape: '[H, n, n]' },
  { name: 'attn.hook_z', shape: '[n, H, d]' },
  { name: 'ln1_post.hook_scale', shape: '[n, 1]', exists: postNorms },
  { name: 'hook_attn_out', shape: '[n, D]' },
  { name: 'hook_resid_mid', shape: '[n, D]', exists: sequential },
  { name: 'ln2.hook_scale', shape: '[n, 1]' },
  { name: 'ln2.hook_normalized', shape: '[n, D]' },
  { name: 'mlp.hook_in', shape: '[n, D]' },
  { name: 'mlp.hook_out', shape: '[n, D]' },
  { name: 'ln2_post.hook_scale', shape: '[n, 1]', exists: postNorms },
  { name: 'hook_mlp_out', shape: '[n, D]' },
  { name: 'hook_resid_post', shape: '[n, D]' },
];

const afterBlocks: readonly HookPoint[] = [
  { name: 'ln_final.hook_scale', shape: '[n, 1]' },
  { name: 'ln_final.hook_normalized', shape: '[n, D]' },
  { name: 'unembed.hook_pre', shape: '[n, D]' },
  { name: 'unembed.hook_post', shape: '[n, V]' }, // before the softcap
];

function existing(points: readonly HookPoint[], spec: ModelSpec): HookPoint[] {
  return points.filter((point) => point.exists?.(spec) ?? true);
}

/** The hook points of a model with their shapes, one entry for all blocks: `blocks.N.hook_resid_pre`. */
export function hookTable(spec: ModelSpec): { name: string; shape: string }[] {
  return [
    ...existing(beforeBlocks, spec),
    ...existing(inBlock, spec).map((point) => ({ ...point, name: `blocks.N.${point.name}` })),
    ...existing(afterBlocks, spec),
  ].map(({ name, shape }) => ({ name, shape }));
}

/** The full names of all hook points of a model, in the order of the forward pass. */
export function hookNames(spec: ModelSpec): string[] {
  const block = existing(inBlock, spec);
  return [
    ...existing(beforeBlocks, spec).map(({ name }) => name),
    ...Array.from({ length: spec.nLayers }, (_, layer) => block.map(({ name }) => `blocks.${layer}.${name}`)).flat(),
    ...existing(afterBlocks, spec).map(({ name }) => name),
  ];
}

/**
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a hook that the model does not have. The message names it, the
 * reason and the nearest hook.
 */
export function checkHookNames(names: unknown, spec: ModelSpec): string[] {
  if (!Array.isArray(names)) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `hookNames must be an array of hook names; found ${describe(names)}.`,
    );
  }
  const known = hookNames(spec);
  const set = new Set<unknown>(known);
  for (const name of names) {
    if (!set.has(name)) throw new CircuitTracerError('ERR_INVALID_ARGUMENT', whyUnknown(name, spec, known));
  }
  return [...new Set<string>(names)];
}

function whyUnknown(name: unknown, spec: ModelSpec, known: readonly string[]): string {
  const intro = `This ${spec.family} model has no hook ${describe(name)}`;
  if (typeof name !== 'string') return `${intro}. Hook names are strings such as 'blocks.0.hook_resid_post'.`;
  const [, layer, rest] = /^blocks\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (Number(layer) >= spec.nLayers) return `${intro}: its layers are 0 to ${spec.nLayers - 1}.`;
  const missing = [...beforeBlocks, ...inBlock].find((point) => point.name === (rest ?? name) && point.exists);
  if (missing) return `${intro}: ${reasonMissing(missing)}.`;
  const near = nearest(name, known);
  return near ? `${intro}. Did you mean '${near}'?` : `${intro}. hookNames(model.spec) lists all its hooks.`;
}

function reasonMissing({ exists }: HookPoint): string {
  if (exists === sequential) return 'attention and MLP run in parallel, so there is no residual stream between them';
  if (exists === postNorms) return 'it has no norms after attention and MLP';
  if (exists === queryKeyNorm) return 'it does not normalise queries and keys';
  return exists === rotary ? 'its positions are learned, not rotary' : 'its positions are rotary, not learned';
}
