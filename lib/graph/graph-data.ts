import { types } from 'node:util';
import { type FeatureLabels, findProblem as findLabelProblem } from '../graph-file/labels';
import { describe } from '../validate';
import { type EdgeBlocks, edgesProblem } from './edge-rows';

/** A target that the graph explains: usually the logit of a likely next token, but also a direction or a feature. */
export interface LogitTarget {
  /** The row of the unembedding, or at least dVocab for a target other than a token. */
  readonly tokenId: number;
  /** The decoded token, or the target's label. */
  readonly token: string;
  /** The weight of the target in influence, from 0 to 1. For a token, the default is its probability in the model. */
  readonly weight: number;
  /** The position. Omitted when it is the last one. */
  readonly position?: number;
  /** For a feature, whose pre-activation is explained. */
  readonly feature?: { readonly layer: number; readonly feature: number };
  /** [dModel] for a direction, by which the output of the final norm is multiplied. */
  readonly vector?: Float32Array;
}

/** The properties of the model that a graph stores. */
export interface GraphModel {
  /** `model_type` of config.json. */
  readonly family: string;
  readonly modelName: string;
  readonly nLayers: number;
  readonly dModel: number;
  readonly dVocab: number;
}

/**
 * The whole content of a graph.
 *
 * L layers, n positions, N active features, of which S are selected as nodes, K logit targets. Nodes are numbered in
 * this order: selected features, errors by layer (layer * n + position), tokens, logits. M = S + L * n + n + K.
 */
export interface GraphData {
  /** The text of the tokens, including special tokens. */
  readonly prompt: string;
  /** [n] token ids. */
  readonly tokens: Int32Array;
  /** [n] the text of each token alone. */
  readonly tokenStrings: readonly string[];
  /** [N * 3] of (layer, position, feature), in ascending order. */
  readonly activeFeatures: Int32Array;
  /** [N] */
  readonly activationValues: Float32Array;
  /** [S] ascending indices into the N active features. */
  readonly selectedFeatures: Int32Array;
  /**
   * [(S + K) * M], row-major: the direct effect of each source (column) on selected features, then logits (rows). Edges
   * that do not fit in one array are a list of arrays: consecutive whole rows, with the same number of rows in all
   * arrays but the last.
   */
  readonly edges: EdgeBlocks;
  /** [K], at least one. */
  readonly logits: readonly LogitTarget[];
  /** Feature labels, where known. Default none. */
  readonly featureLabels?: FeatureLabels;
  /** The name of the transcoders, or one name per layer. */
  readonly scan: string | readonly string[];
  readonly model: GraphModel;
  /** The options of the attribution, as JSON values. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The seconds of each phase. */
  readonly timings: Readonly<Record<string, number>>;
  /** The version of this package that made the graph. */
  readonly packageVersion: string;
}

/**
 * The first inconsistency in the data, as a sentence. Undefined when there is none.
 *
 * The number of edges is checked, but not their values. Arithmetic reports edges that are not finite.
 */
export function findProblem(data: GraphData): string | undefined {
  return (
    typesProblem(data) ??
    modelProblem(data.model) ??
    tokensProblem(data) ??
    featuresProblem(data) ??
    targetsProblem(data)
  );
}

function typesProblem(data: GraphData): string | undefined {
  const must = (name: keyof GraphData, expected: string, holds: boolean) =>
    holds ? undefined : `${name} must be ${expected}; found ${describe(data[name])}.`;
  return (
    must('prompt', 'a string', typeof data.prompt === 'string') ??
    must('tokens', 'an Int32Array', types.isInt32Array(data.tokens)) ??
    must('tokenStrings', 'a list of strings', isStringList(data.tokenStrings)) ??
    must('activeFeatures', 'an Int32Array', types.isInt32Array(data.activeFeatures)) ??
    must('activationValues', 'a Float32Array', types.isFloat32Array(data.activationValues)) ??
    must('selectedFeatures', 'an Int32Array', types.isInt32Array(data.selectedFeatures)) ??
    must('logits', 'a list of targets', Array.isArray(data.logits)) ??
    must('scan', 'a string or a list of strings', typeof data.scan === 'string' || isStringList(data.scan)) ??
    labelsProblem(data.featureLabels) ??
    must('model', 'an object', isRecord(data.model)) ??
    must('settings', 'an object', isRecord(data.settings)) ??
    must(
      'timings',
      'an object of numbers',
      isRecord(data.timings) && Object.values(data.timings).every(Number.isFinite),
    ) ??
    must('packageVersion', 'a string', typeof data.packageVersion === 'string')
  );
}

function labelsProblem(labels: unknown): string | undefined {
  if (labels === undefined) return undefined;
  const problem = isRecord(labels) ? findLabelProblem(labels as Record<string, unknown>) : 'it must be an object';
  return problem && `featureLabels: ${problem}.`;
}

function modelProblem(model: GraphModel): string | undefined {
  for (const name of ['family', 'modelName'] as const) {
    if (typeof model[name] !== 'string') return `model.${name} must be a string; found ${describe(model[name])}.`;
  }
  for (const name of ['nLayers', 'dModel', 'dVocab'] as const) {
    if (!isIndex(model[name] - 1))
      return `model.${name} must be a positive whole number; found ${describe(model[name])}.`;
  }
  return undefined;
}

function tokensProblem({ tokens, tokenStrings, model }: GraphData): string | undefined {
  if (tokens.length === 0) return 'tokens must hold at least one token id; found none.';
  if (tokenStrings.length !== tokens.length) {
    return `tokenStrings must hold one string for each of the ${tokens.length} tokens; found ${tokenStrings.length}.`;
  }
  const bad = tokens.findIndex((id) => id < 0 || id >= model.dVocab);
  if (bad < 0) return undefined;
  return `tokens must be ids from 0 to ${model.dVocab - 1}; found ${tokens[bad]} at position ${bad}.`;
}

function featuresProblem(data: GraphData): string | undefined {
  const { activeFeatures, activationValues, selectedFeatures } = data;
  const count = activationValues.length;
  if (activeFeatures.length !== 3 * count) {
    return `activeFeatures must hold three numbers for each of the ${count} activation values; found ${activeFeatures.length}.`;
  }
  const odd = activationValues.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) return `activationValues must be finite; found ${activationValues[odd]} at ${odd}.`;
  for (let i = 0; i < selectedFeatures.length; i++) {
    const index = selectedFeatures[i] ?? -1;
    if (index >= count || index <= (i === 0 ? -1 : (selectedFeatures[i - 1] ?? -1))) {
      return `selectedFeatures must ascend from 0 to at most ${count - 1}; found ${index} at ${i}.`;
    }
  }
  return placesProblem(data);
}

function placesProblem({ activeFeatures, model, tokens }: GraphData): string | undefined {
  let [previousLayer, previousPosition, previousFeature] = [-1, -1, -1];
  for (let i = 0; i < activeFeatures.length; i += 3) {
    const layer = activeFeatures[i] ?? -1;
    const position = activeFeatures[i + 1] ?? -1;
    const feature = activeFeatures[i + 2] ?? -1;
    const found = () => `found (${layer}, ${position}, ${feature}) at ${i / 3}.`;
    if (layer < 0 || layer >= model.nLayers || position < 0 || position >= tokens.length || feature < 0) {
      return `activeFeatures must be (layer < ${model.nLayers}, position < ${tokens.length}, feature); ${found()}`;
    }
    const step = layer - previousLayer || position - previousPosition || feature - previousFeature;
    if (step <= 0)
      return `activeFeatures must be sorted by layer, position and feature without repetitions; ${found()}`;
    [previousLayer, previousPosition, previousFeature] = [layer, position, feature];
  }
  return undefined;
}

/** A softmax in float32 may exceed 1 through rounding. */
const maxWeight = 1 + 1e-5;

function targetsProblem({ logits, edges, selectedFeatures, model, tokens }: GraphData): string | undefined {
  if (logits.length === 0) return 'logits must hold at least one target; found none.';
  for (const [i, logit] of logits.entries()) {
    if (!isRecord(logit) || !isIndex(logit.tokenId, 2 ** 31 - 1) || typeof logit.token !== 'string') {
      return `logits[${i}] must have a tokenId of 0 or more and a token; found ${JSON.stringify(logit)}.`;
    }
    if (!(logit.weight >= 0 && logit.weight <= maxWeight)) {
      return `logits[${i}].weight must be a number from 0 to 1; found ${describe(logit.weight)}.`;
    }
    // A target other than a token has an id beyond the vocabulary: dVocab plus its index among the targets.
    if (logit.tokenId >= model.dVocab + logits.length) {
      return `logits[${i}].tokenId must be below ${model.dVocab}, or below ${model.dVocab + logits.length} for a target other than a token; found ${logit.tokenId}.`;
    }
  }
  for (const [i, { position = 0, feature, vector }] of logits.entries()) {
    if (!isIndex(position, tokens.length - 1)) {
      return `logits[${i}].position must be one of the ${tokens.length} positions; found ${describe(position)}.`;
    }
    if (vector !== undefined && !(types.isFloat32Array(vector) && vector.length === model.dModel)) {
      return `logits[${i}].vector must be a Float32Array of ${model.dModel} numbers; found ${describe(vector)}.`;
    }
    if (feature === undefined) continue;
    if (!isRecord(feature) || !isIndex(feature.layer, model.nLayers - 1) || !isIndex(feature.feature)) {
      return `logits[${i}].feature must have a layer below ${model.nLayers} and a feature; found ${describe(feature)}.`;
    }
  }
  const rows = selectedFeatures.length + logits.length;
  const columns = rows + (model.nLayers + 1) * tokens.length;
  return edgesProblem(edges, rows, columns);
}

function isIndex(value: unknown, max = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
