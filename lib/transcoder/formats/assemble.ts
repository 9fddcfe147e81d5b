import {
  keepsLargest,
  type TranscoderLayerWeights,
  type TranscoderPlan,
  type TranscoderSpec,
} from '../../engine/transcoder-spec';
import { CircuitTracerError } from '../../errors';
import type { TranscoderConfig } from '../config';
import type { LayerPlan } from './format';

/** Check that the layers form one set, and determine its activation. */
export function assemblePlan(config: TranscoderConfig, layers: readonly LayerPlan[]): TranscoderPlan {
  const dModel = layers[0]?.dModel ?? 0;
  for (const [layer, plan] of layers.entries()) {
    if (plan.nFeatures === 0 || plan.dModel === 0) throw weightError(`layer ${layer} has no features`, plan);
    if (plan.dModel !== dModel) {
      throw weightError(`layer ${layer} has dModel ${plan.dModel}, but layer 0 has ${dModel}`, plan);
    }
  }
  if (typeof config.scan !== 'string' && config.scan.length !== layers.length) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${config.file}: scan must be one string or one per layer; found ${config.scan.length} for ${layers.length} layers.`,
    );
  }
  const activation = chooseActivation(config, layers);
  return {
    spec: {
      kind: config.kind,
      nLayers: layers.length,
      dModel,
      nFeatures: layers.map((plan) => plan.nFeatures),
      featureInputHook: config.featureInputHook,
      featureOutputHook: config.featureOutputHook,
      activation,
      k: keepsLargest(activation) ? chooseK(config, layers, activation) : 0,
      hasSkip: allOrNone(layers, 'skip'),
      scan: config.scan,
      modelName: config.modelName,
    },
    layers: layers.map((plan) => layerWeights(plan, activation)),
  };
}

/** The activation from config.yaml, otherwise from the weights: thresholds mean JumpReLU, a saved k means TopK. */
function chooseActivation(config: TranscoderConfig, layers: readonly LayerPlan[]): TranscoderSpec['activation'] {
  const hasThreshold = allOrNone(layers, 'threshold');
  if (config.activation === 'jumprelu' && !hasThreshold) {
    const name = layers[0]?.optionalNames.threshold;
    throw weightError(`${name} is missing, which activation: jumprelu in config.yaml requires`, layers[0]);
  }
  if (config.activation) return config.activation;
  if (hasThreshold) return 'jumprelu';
  return layers.some((plan) => plan.savedK !== undefined) ? 'topk' : 'relu';
}

function chooseK(config: TranscoderConfig, layers: readonly LayerPlan[], activation: string): number {
  const k = config.k ?? layers[0]?.savedK;
  if (k === undefined) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${config.file}: activation ${activation} needs k, the number of features kept at each position, but neither config.yaml nor the weights have it. Add k: to config.yaml.`,
    );
  }
  const tooSmall = layers.find((plan) => plan.nFeatures < k);
  if (tooSmall) throw weightError(`expected at least k = ${k} features, found ${tooSmall.nFeatures}`, tooSmall);
  const other = config.k === undefined && layers.find((plan) => plan.savedK !== k);
  if (other) throw weightError(`expected k = ${k} as in layer 0, found ${other.savedK ?? 'none'}`, other);
  return k;
}

function allOrNone(layers: readonly LayerPlan[], key: 'skip' | 'threshold'): boolean {
  const has = layers[0]?.[key] !== undefined;
  const odd = layers.findIndex((plan) => (plan[key] !== undefined) !== has);
  if (odd < 0) return has;
  const [withIt, without] = has ? [0, odd] : [odd, 0];
  const name = layers[without]?.optionalNames[key];
  throw weightError(`layer ${without} has no ${name}, but layer ${withIt} has one`, layers[without]);
}

function layerWeights(plan: LayerPlan, activation: TranscoderSpec['activation']): TranscoderLayerWeights {
  const { encoder, encoderBias, threshold, decoder, decoderBias, skip } = plan;
  return {
    encoder,
    encoderBias,
    decoder,
    decoderBias,
    ...(threshold && activation === 'jumprelu' && { threshold }),
    ...(skip && { skip }),
  };
}

function weightError(problem: string, plan: LayerPlan | undefined): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_WEIGHT',
    `${plan?.path}: ${problem}. All layers must belong to one set. Download the set again or fix config.yaml.`,
  );
}
