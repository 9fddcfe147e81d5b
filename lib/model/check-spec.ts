import type { ModelSpec } from '../engine/model-spec';
import {
  featureActivations,
  featureInputHooks,
  featureOutputHooks,
  keepsLargest,
  type TranscoderSpec,
} from '../engine/transcoder-spec';
import { checkBoolean, checkInteger, checkNumber, checkOneOf, invalid } from '../validate';

const largest = 2 ** 31 - 1;

/**
 * Check a hand-written spec before it is passed to native code, which does not validate it.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the first field that is missing, invalid or inconsistent
 * with another.
 */
export function checkModelSpec(spec: ModelSpec): void {
  if (typeof spec !== 'object' || spec === null) throw invalid('spec', 'a ModelSpec', spec);
  checkSizes(spec);
  checkOneOf(spec.normalization, 'spec.normalization', ['layerNorm', 'rmsNorm']);
  checkNumber(spec.normEpsilon, 'spec.normEpsilon', 0);
  for (const flag of ['postNorms', 'queryKeyNorm', 'parallelBlocks', 'attentionSinks'] as const) {
    checkBoolean(spec[flag], `spec.${flag}`);
  }
  checkAttention(spec);
  checkOneOf(spec.mlp, 'spec.mlp', ['plain', 'gated', 'experts']);
  checkOneOf(spec.activation, 'spec.activation', ['gelu', 'geluTanh', 'silu', 'relu', 'gptOssGlu']);
  if (spec.mlp === 'experts') {
    checkInteger(spec.nExperts, 'spec.nExperts', 1, largest);
    checkInteger(spec.nExpertsPerToken, 'spec.nExpertsPerToken', 1, spec.nExperts);
  }
  checkNumber(spec.embeddingScale, 'spec.embeddingScale', Number.MIN_VALUE);
  checkNumber(spec.logitSoftcap, 'spec.logitSoftcap', 0);
}

function checkSizes(spec: ModelSpec): void {
  if (typeof spec.family !== 'string') throw invalid('spec.family', 'a string', spec.family);
  for (const size of ['nLayers', 'dModel', 'nHeads', 'dHead', 'dMlp', 'dVocab', 'maxPositions'] as const) {
    checkInteger(spec[size], `spec.${size}`, 1, largest);
  }
  checkInteger(spec.nKeyValueHeads, 'spec.nKeyValueHeads', 1, spec.nHeads);
  if (spec.nHeads % spec.nKeyValueHeads !== 0) {
    throw invalid('spec.nKeyValueHeads', `a divisor of nHeads, ${spec.nHeads}`, spec.nKeyValueHeads);
  }
}

function checkAttention(spec: ModelSpec): void {
  checkOneOf(spec.positionEmbedding, 'spec.positionEmbedding', ['rotary', 'learned']);
  checkPerLayer(spec.attentionScale, 'attentionScale', spec.nLayers);
  checkPerLayer(spec.slidingWindow, 'slidingWindow', spec.nLayers);
  checkPerLayer(spec.rotary, 'rotary', spec.positionEmbedding === 'rotary' ? spec.nLayers : 0);
  spec.attentionScale.forEach((scale, layer) => {
    checkNumber(scale, `spec.attentionScale[${layer}]`);
  });
  spec.slidingWindow.forEach((window, layer) => {
    checkInteger(window, `spec.slidingWindow[${layer}]`, 0, largest);
  });
  spec.rotary.forEach(({ frequencies, attentionFactor }, layer) => {
    checkNumber(attentionFactor, `spec.rotary[${layer}].attentionFactor`);
    if (!Array.isArray(frequencies) || 2 * frequencies.length > spec.dHead || !frequencies.every(Number.isFinite)) {
      const expected = `at most dHead / 2 = ${spec.dHead / 2} finite numbers`;
      throw invalid(`spec.rotary[${layer}].frequencies`, expected, frequencies);
    }
  });
  checkNumber(spec.attentionSoftcap, 'spec.attentionSoftcap', 0);
}

function checkPerLayer(list: unknown, name: string, length: number): void {
  if (!Array.isArray(list) || list.length !== length) {
    throw invalid(`spec.${name}`, length === 0 ? 'an empty array' : `an array of ${length}, one per layer`, list);
  }
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT`, as {@link checkModelSpec}. */
export function checkTranscoderSpec(spec: TranscoderSpec): void {
  if (typeof spec !== 'object' || spec === null) throw invalid('transcoderSpec', 'a TranscoderSpec', spec);
  const name = (field: keyof TranscoderSpec) => `transcoderSpec.${field}`;
  checkOneOf(spec.kind, name('kind'), ['perLayer', 'crossLayer']);
  checkInteger(spec.nLayers, name('nLayers'), 1, largest);
  checkInteger(spec.dModel, name('dModel'), 1, largest);
  if (!Array.isArray(spec.nFeatures) || spec.nFeatures.length !== spec.nLayers) {
    throw invalid(name('nFeatures'), `an array of ${spec.nLayers}, one per layer`, spec.nFeatures);
  }
  spec.nFeatures.forEach((count, layer) => {
    checkInteger(count, `${name('nFeatures')}[${layer}]`, 1, largest);
  });
  checkOneOf(spec.featureInputHook, name('featureInputHook'), featureInputHooks);
  checkOneOf(spec.featureOutputHook, name('featureOutputHook'), featureOutputHooks);
  checkOneOf(spec.activation, name('activation'), featureActivations);
  if (keepsLargest(spec.activation)) checkInteger(spec.k, name('k'), 1, Math.min(...spec.nFeatures));
  checkBoolean(spec.hasSkip, name('hasSkip'));
  checkScan(spec);
}

function checkScan({ scan, nLayers, modelName }: TranscoderSpec): void {
  const perLayer = Array.isArray(scan) && scan.length === nLayers && scan.every((item) => typeof item === 'string');
  if (typeof scan !== 'string' && !perLayer) {
    throw invalid('transcoderSpec.scan', `a string or one string for each of ${nLayers} layers`, scan);
  }
  if (typeof modelName !== 'string') throw invalid('transcoderSpec.modelName', 'a string', modelName);
}
