import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderLayerWeights, TranscoderSpec } from '../engine/transcoder-spec';
import { CircuitTracerError } from '../errors';
import type { TensorSource } from '../io/tensor-source';
import type { Random } from '../random';
import { atOnce } from '../turns';
import { describe, nearest } from '../validate';

/** How to draw a weight that is not given. An optional bias that is not drawn is absent. */
interface Draw {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly deviation: number;
  readonly optional?: boolean;
}

/** Matrices have the standard deviation 1 / sqrt(fan-in), so that activations keep about the size of their inputs. */
function matrix(fanIn: number, ...shape: number[]): Draw {
  return { shape, mean: 0, deviation: 1 / Math.sqrt(fanIn) };
}
function bias(...shape: number[]): Draw {
  return { shape, mean: 0, deviation: 0.1 };
}
function gain(size: number): Draw {
  return { shape: [size], mean: 1, deviation: 0.1 };
}

function normDraws(name: string, size: number, spec: ModelSpec): [string, Draw][] {
  const weight: [string, Draw] = [`${name}.w`, gain(size)];
  return spec.normalization === 'layerNorm' ? [weight, [`${name}.b`, bias(size)]] : [weight];
}

function attentionDraws(block: string, spec: ModelSpec): [string, Draw][] {
  const { dModel, dHead, nHeads, nKeyValueHeads } = spec;
  // The biases that only some families have come with layer norm, as in GPT-2 and GPT-NeoX.
  const optional = spec.normalization !== 'layerNorm';
  const [queries, keys] = [nHeads * dHead, nKeyValueHeads * dHead];
  const draws: [string, Draw][] = [
    ['W_Q', matrix(dModel, queries, dModel)],
    ['W_K', matrix(dModel, keys, dModel)],
    ['W_V', matrix(dModel, keys, dModel)],
    ['W_O', matrix(queries, dModel, queries)],
    ['b_Q', { ...bias(queries), optional }],
    ['b_K', { ...bias(keys), optional }],
    ['b_V', { ...bias(keys), optional }],
    ['b_O', { ...bias(dModel), optional }],
  ];
  if (spec.queryKeyNorm) draws.push(['q_norm.w', gain(dHead)], ['k_norm.w', gain(dHead)]);
  if (spec.attentionSinks) draws.push(['sinks', bias(nHeads)]);
  return draws.map(([name, draw]) => [`${block}.attn.${name}`, draw]);
}

function mlpDraws(block: string, spec: ModelSpec): [string, Draw][] {
  const { dModel, dMlp, nExperts } = spec;
  const optional = spec.normalization !== 'layerNorm';
  const plain: [string, Draw][] = [
    ['W_in', matrix(dModel, dMlp, dModel)],
    ['W_out', matrix(dMlp, dModel, dMlp)],
    ['b_in', { ...bias(dMlp), optional }],
    ['b_out', { ...bias(dModel), optional }],
  ];
  const experts: [string, Draw][] = [
    ['router.W', matrix(dModel, nExperts, dModel)],
    ['router.b', bias(nExperts)],
    ['experts.W_gate_up', matrix(dModel, nExperts, 2 * dMlp, dModel)],
    ['experts.b_gate_up', bias(nExperts, 2 * dMlp)],
    ['experts.W_down', matrix(dMlp, nExperts, dModel, dMlp)],
    ['experts.b_down', bias(nExperts, dModel)],
  ];
  const draws = spec.mlp === 'experts' ? experts : plain;
  if (spec.mlp === 'gated') draws.push(['W_gate', matrix(dModel, dMlp, dModel)]);
  return draws.map(([name, draw]) => [`${block}.mlp.${name}`, draw]);
}

function modelDraws(spec: ModelSpec): Map<string, Draw> {
  const { dModel, dVocab, maxPositions } = spec;
  const norms = spec.postNorms ? ['ln1', 'ln1_post', 'ln2', 'ln2_post'] : ['ln1', 'ln2'];
  const embedding = { shape: [dVocab, dModel], mean: 0, deviation: 1 / spec.embeddingScale };
  const blocks = Array.from({ length: spec.nLayers }, (_, layer) => {
    const block = `blocks.${layer}`;
    const normWeights = norms.flatMap((norm) => normDraws(`${block}.${norm}`, dModel, spec));
    return [...normWeights, ...attentionDraws(block, spec), ...mlpDraws(block, spec)];
  });
  const draws = new Map<string, Draw>([
    ['embed.W_E', embedding],
    ...blocks.flat(),
    ...normDraws('ln_final', dModel, spec),
    ['unembed.W_U', matrix(dModel, dVocab, dModel)],
  ]);
  if (spec.positionEmbedding === 'learned') draws.set('pos_embed.W_pos', bias(maxPositions, dModel));
  return draws;
}

function layerDraws(spec: TranscoderSpec, layer: number): Map<string, Draw> {
  const { dModel } = spec;
  const features = spec.nFeatures[layer] ?? 0;
  const span = spec.kind === 'crossLayer' ? spec.nLayers - layer : 1;
  // About one feature in fifteen exceeds a threshold of 1.5 standard deviations.
  const bar = 1.5;
  const draws = new Map<string, Draw>([
    ['encoder', matrix(dModel, features, dModel)],
    ['encoderBias', { ...bias(features), mean: spec.activation === 'relu' ? -bar : 0 }],
    ['decoder', matrix(features, features, span, dModel)],
    ['decoderBias', bias(dModel)],
  ]);
  if (spec.activation === 'jumprelu') draws.set('threshold', { ...bias(features), mean: bar });
  if (spec.hasSkip) draws.set('skip', matrix(dModel, dModel, dModel));
  return draws;
}

function source(name: string, values: Float32Array, shape: readonly number[]): TensorSource {
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, data, offset: 0, dtype: 'float32', shape, view: [] };
}

/** The count of numbers to draw between two yields. */
const drawnAtOnce = 2 ** 14;

function* normals(random: Random, count: number, { mean, deviation }: Draw): Generator<void, Float32Array> {
  const values = new Float32Array(count);
  for (let begin = 0; begin < count; begin += drawnAtOnce) {
    values.set(random.normals(Math.min(drawnAtOnce, count - begin), mean, deviation), begin);
    yield;
  }
  return values;
}

function* filled(
  draws: ReadonlyMap<string, Draw>,
  given: Readonly<Record<string, Float32Array | undefined>>,
  random: Random,
  where: string,
): Generator<void, Record<string, TensorSource>> {
  const known = [...draws.keys()];
  for (const name of Object.keys(given)) {
    if (draws.has(name)) continue;
    const near = nearest(name, known);
    const hint = near ? ` Did you mean '${near}'?` : '';
    throw new CircuitTracerError('ERR_WEIGHT', `${where} has no weight '${name}'.${hint}`);
  }
  const sources: Record<string, TensorSource> = {};
  for (const [name, draw] of draws) {
    const { shape, optional } = draw;
    const count = shape.reduce((product, size) => product * size, 1);
    const values = given[name] ?? (optional ? undefined : yield* normals(random, count, draw));
    if (!values) continue;
    checkValues(values, count, shape, `${name} of ${where}`);
    sources[name] = source(`${name} (given in memory)`, values, shape);
  }
  return sources;
}

function checkValues(values: unknown, count: number, shape: readonly number[], name: string): void {
  // By tag, not instanceof: test runners and other realms have their own Float32Array.
  const isFloat32 = Object.prototype.toString.call(values) === '[object Float32Array]';
  if (isFloat32 && (values as Float32Array).length === count) return;
  const found = isFloat32 ? `${(values as Float32Array).length} numbers` : describe(values);
  throw new CircuitTracerError(
    'ERR_WEIGHT',
    `${name} must be a Float32Array of shape [${shape.join(', ')}] (${count} numbers); found ${found}.`,
  );
}

/**
 * The weights of a model built in memory. Weights that are not given, by the internal names of {@link ModelWeights},
 * are drawn at random. Drawing yields between short steps.
 *
 * @throws CircuitTracerError `ERR_WEIGHT` for an unknown name or a wrong size.
 */
export function drawModelWeights(
  spec: ModelSpec,
  given: Readonly<Record<string, Float32Array>>,
  random: Random,
): Generator<void, Record<string, TensorSource>> {
  return filled(modelDraws(spec), given, random, 'a model of this spec');
}

/** {@link drawModelWeights} without interruption. */
export function modelWeights(...of: Parameters<typeof drawModelWeights>): Record<string, TensorSource> {
  return atOnce(drawModelWeights(...of));
}

/** The arrays of one layer by the names of `TranscoderLayerWeights`. Missing ones are drawn. */
export type LayerArrays = Readonly<Partial<Record<keyof TranscoderLayerWeights, Float32Array>>>;

/** Like {@link drawModelWeights}, for transcoders. */
export function* drawTranscoderWeights(
  spec: TranscoderSpec,
  given: readonly LayerArrays[],
  random: Random,
): Generator<void, TranscoderLayerWeights[]> {
  const layers: TranscoderLayerWeights[] = [];
  for (let layer = 0; layer < spec.nLayers; layer++) {
    const where = `transcoder layer ${layer}`;
    const sources = yield* filled(layerDraws(spec, layer), given[layer] ?? {}, random, where);
    layers.push(sources as unknown as TranscoderLayerWeights);
  }
  return layers;
}

/** {@link drawTranscoderWeights} without interruption. */
export function transcoderWeights(...of: Parameters<typeof drawTranscoderWeights>): TranscoderLayerWeights[] {
  return atOnce(drawTranscoderWeights(...of));
}
