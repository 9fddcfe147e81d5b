import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isBundledModel, isBundledTranscoders, modelFolder, transcoderFolder } from '../bundled';
import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderPlan, TranscoderSpec } from '../engine/transcoder-spec';
import { CircuitTracerError } from '../errors';
import { Graph } from '../graph/graph';
import { localPath } from '../hub/local-path';
import { type FetchOptions, Hub } from '../hub/plan';
import { fileExists } from '../io/files';
import { storedItemSize, type TensorSource } from '../io/tensor-source';
import type { MemoryParts } from '../memory/estimate';
import { tokenizerBytes } from '../memory/process-memory';
import type { ModelPlan } from '../model/families';
import { hookTable } from '../model/hooks';
import { locateModel, modelReference } from '../model/locate';
import { openModelPlan } from '../model/open-model';
import { checkFit } from '../replacement-model/fit';
import { planLocated, planTranscoders } from '../transcoder/formats';
import { locateTranscoders } from '../transcoder/locate';

/** The weights on disk. */
export interface StoredWeights {
  readonly parameters: number;
  readonly bytes: number;
  readonly dtypes: readonly string[];
}

export interface ModelInfo extends StoredWeights {
  readonly kind: 'model';
  readonly path: string;
  readonly name: string;
  readonly spec: ModelSpec;
  readonly hooks: readonly { name: string; shape: string }[];
  readonly plan: ModelPlan;
}

export interface TranscoderInfo extends StoredWeights {
  readonly kind: 'transcoders';
  readonly path: string;
  readonly spec: TranscoderSpec;
  readonly plan: TranscoderPlan;
}

export interface GraphInfo {
  readonly kind: 'graph';
  readonly path: string;
  readonly prompt: string;
  readonly model: Graph['model'];
  readonly scan: Graph['scan'];
  readonly positions: number;
  readonly activeFeatures: number;
  readonly selectedFeatures: number;
  readonly nodes: number;
  readonly logits: Graph['logits'];
  readonly settings: Graph['settings'];
  readonly packageVersion: string;
}

export type Info = ModelInfo | TranscoderInfo | GraphInfo;

/**
 * Identify what is at a path or hub reference: a model, transcoders or a saved graph. Models and transcoders of the hub
 * are fetched unless they are in the cache. Weights are not read.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` when it is none of them; also the errors of opening it.
 */
export async function inspect(path: string, options?: FetchOptions): Promise<Info> {
  const absolute = await findLocalPath(path);
  if (absolute === undefined) return hubInfo(path, options);
  const status = await stat(absolute).catch(() => undefined);
  if (!status) throw new CircuitTracerError('ERR_FILE_NOT_FOUND', `${absolute} does not exist.`);
  if (!status.isDirectory()) return graphInfo(absolute, await Graph.load(absolute));
  if (await fileExists(join(absolute, 'config.yaml'))) return transcoderInfo(absolute, await planTranscoders(absolute));
  if (await fileExists(join(absolute, 'config.json'))) return modelInfo(absolute);
  throw new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    `${absolute} contains neither config.json (a model) nor config.yaml (transcoders).`,
  );
}

/** The path of a bundled or local model or set of transcoders. Undefined for a hub reference. */
async function findLocalPath(name: string): Promise<string | undefined> {
  if (isBundledModel(name)) return modelFolder(name);
  if (isBundledTranscoders(name)) return transcoderFolder(name);
  return (await fileExists(name)) ? resolve(name) : localPath(name);
}

/** Identify a repository of the hub by its files, which are fetched unless they are in the cache. */
async function hubInfo(name: string, options?: FetchOptions): Promise<Info> {
  const hub = await Hub.open(options);
  const reference = modelReference(name);
  const isSet = await hub.obtain(reference, async (_hub, repository) => ({
    needed: [],
    result: repository.has(repository.inFolder('config.yaml')),
  }));
  if (!isSet) return modelInfo((await locateModel(name, hub)).folder, name);
  const config = await locateTranscoders(name, hub);
  return transcoderInfo(config.folder, await planLocated(config));
}

async function modelInfo(path: string, name = basename(path)): Promise<ModelInfo> {
  const plan = await openModelPlan(path);
  const { spec, weights } = plan;
  const named = { kind: 'model', path, name, spec, hooks: hookTable(spec), plan } as const;
  return { ...named, ...stored(Object.values(weights)) };
}

function transcoderInfo(path: string, plan: TranscoderPlan): TranscoderInfo {
  const { spec, layers } = plan;
  const sources = layers.flatMap((layer) => Object.values(layer) as (TensorSource | undefined)[]);
  return { kind: 'transcoders', path, spec, plan, ...stored(sources.filter((source) => source !== undefined)) };
}

function graphInfo(path: string, graph: Graph): GraphInfo {
  const { prompt, model, scan, logits, settings, packageVersion } = graph;
  return {
    kind: 'graph',
    path,
    prompt,
    model,
    scan,
    logits,
    settings,
    packageVersion,
    positions: graph.nPositions,
    activeFeatures: graph.nActive,
    selectedFeatures: graph.nSelected,
    nodes: graph.nNodes,
  };
}

/** Several weights may be views of one stored tensor (tied embeddings, joint query-key-value), which counts once. */
function stored(sources: readonly TensorSource[]): StoredWeights {
  const unique = new Map(sources.map((source) => [`${source.file}:${source.offset}:${source.name}`, source]));
  let [parameters, bytes] = [0, 0];
  const dtypes = new Set<string>();
  for (const { dtype, shape, scales } of unique.values()) {
    const count = product(shape);
    parameters += scales ? 2 * count : count;
    bytes += count * storedItemSize[dtype] + (scales ? product(scales.shape) : 0);
    dtypes.add(scales ? 'mxfp4' : dtype);
  }
  return { parameters, bytes, dtypes: [...dtypes].sort() };
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}

/** The model and the transcoders in a list, in the form for memory estimates. */
export async function toMemoryParts(infos: readonly Info[]): Promise<MemoryParts> {
  const model = infos.find((info) => info.kind === 'model');
  const transcoders = infos.find((info) => info.kind === 'transcoders');
  return {
    ...(model && { model: { ...model.plan, tokenizer: await tokenizerBytes(model.path) } }),
    ...(transcoders && { transcoders: transcoders.plan }),
  };
}

/** @returns the reason why the two do not match, or undefined when they do. */
export function findMisfit(first: Info, second: Info): string | undefined {
  const [a, b] = [first, second].sort((x, y) => order.indexOf(x.kind) - order.indexOf(y.kind));
  if (a?.kind === 'model' && b?.kind === 'transcoders') return mismatchMessage(() => checkFit(a.spec, b.spec));
  if (a?.kind === 'model' && b?.kind === 'graph') {
    const { family, nLayers, dModel, dVocab } = a.spec;
    return differences(b, { family, nLayers, dModel, dVocab }, 'the model');
  }
  if (a?.kind === 'transcoders' && b?.kind === 'graph') {
    const { nLayers, dModel } = a.spec;
    return differences(b, { nLayers, dModel }, 'the transcoders');
  }
  return undefined;
}

const order: readonly Info['kind'][] = ['model', 'transcoders', 'graph'];

function mismatchMessage(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof CircuitTracerError && error.code === 'ERR_MODEL_MISMATCH') return error.message;
    throw error;
  }
}

function differences(graph: GraphInfo, other: Partial<Graph['model']>, name: string): string | undefined {
  for (const [field, value] of Object.entries(other)) {
    const found = graph.model[field as keyof Graph['model']];
    if (found !== value)
      return `The graph was made with ${field} ${found}, but ${name} ${name.endsWith('s') ? 'have' : 'has'} ${value}.`;
  }
  return undefined;
}
