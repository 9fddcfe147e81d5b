import type { TranscoderLayerWeights, TranscoderPlan, TranscoderSpec } from '../engine/transcoder-spec';
import { CircuitTracerError } from '../errors';
import { type TensorSource, viewedShape } from '../io/tensor-source';
import { checkTranscoderSpec } from '../model/check-spec';

/**
 * Check a plan that was not created by this package.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an inconsistent spec, or one with another number of layers than
 * the plan; `ERR_WEIGHT` for a tensor that is missing, unexpected or of the wrong shape.
 */
export function checkTranscoderPlan({ spec, layers }: TranscoderPlan): void {
  checkTranscoderSpec(spec);
  if (!Array.isArray(layers) || layers.length !== spec.nLayers) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      `plan.layers must be an array of ${spec.nLayers}, one per layer; found ${layers?.length}.`,
    );
  }
  for (const [layer, weights] of layers.entries()) checkLayer(spec, layer, weights);
}

function checkLayer(spec: TranscoderSpec, layer: number, weights: TranscoderLayerWeights): void {
  const { dModel, kind, nLayers } = spec;
  const nFeatures = spec.nFeatures[layer] ?? 0;
  const expected: Record<keyof TranscoderLayerWeights, readonly number[] | undefined> = {
    encoder: [nFeatures, dModel],
    encoderBias: [nFeatures],
    threshold: spec.activation === 'jumprelu' ? [nFeatures] : undefined,
    decoder: [nFeatures, kind === 'perLayer' ? 1 : nLayers - layer, dModel],
    decoderBias: [dModel],
    skip: spec.hasSkip ? [dModel, dModel] : undefined,
  };
  for (const [name, shape] of Object.entries(expected)) {
    checkShape(`layer ${layer}: ${name}`, weights?.[name as keyof TranscoderLayerWeights], shape);
  }
}

function checkShape(name: string, source: TensorSource | undefined, expected: readonly number[] | undefined): void {
  const found = source && viewedShape(source);
  if (String(found) === String(expected)) return;
  const describe = (shape: readonly number[] | undefined) => (shape ? `shape [${shape.join(', ')}]` : 'none');
  const file = source ? ` (${source.name})` : '';
  throw new CircuitTracerError(
    'ERR_WEIGHT',
    `${name}${file}: expected ${describe(expected)}, found ${describe(found)}. The weights of the plan must match its spec.`,
  );
}
