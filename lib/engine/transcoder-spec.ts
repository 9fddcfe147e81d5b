import type { TensorSource } from '../io/tensor-source';

export const featureInputHooks = ['hook_resid_mid', 'ln2.hook_normalized', 'mlp.hook_in'] as const;
export const featureOutputHooks = ['mlp.hook_out', 'hook_mlp_out'] as const;
export type FeatureInputHook = (typeof featureInputHooks)[number];
export type FeatureOutputHook = (typeof featureOutputHooks)[number];

export const featureActivations = ['relu', 'jumprelu', 'topk', 'topk_relu'] as const;
/**
 * `jumprelu`: h where h > threshold (strict), else 0, with no further ReLU. `topk`: the k largest, kept with sign.
 * `topk_relu`: of the k largest, those above 0, as when ReLU comes first.
 */
export type ActivationFunction = (typeof featureActivations)[number];

/** Whether an activation keeps the k largest features of a position. */
export function keepsLargest(activation: ActivationFunction): boolean {
  return activation === 'topk' || activation === 'topk_relu';
}

/** What a folder of transcoders is, whatever its file format. */
export interface TranscoderSpec {
  readonly kind: 'perLayer' | 'crossLayer';
  readonly nLayers: number;
  readonly dModel: number;
  /** Features of each layer; [nLayers]. */
  readonly nFeatures: readonly number[];
  readonly featureInputHook: FeatureInputHook;
  readonly featureOutputHook: FeatureOutputHook;
  readonly activation: ActivationFunction;
  /** Features kept per position by `topk` and `topk_relu`; 0 otherwise. */
  readonly k: number;
  readonly hasSkip: boolean;
  /** Identifies the set in graph files: hub reference, local path, or one per layer for a custom list. */
  readonly scan: string | readonly string[];
  /** `model_name` of config.yaml, or '' when it has none. */
  readonly modelName: string;
}

/** Weights of one layer, in the one layout native knows. */
export interface TranscoderLayerWeights {
  /** [nFeatures, dModel] */
  readonly encoder: TensorSource;
  /** [nFeatures] */
  readonly encoderBias: TensorSource;
  /** [nFeatures], JumpReLU only. */
  readonly threshold?: TensorSource;
  /** [nFeatures, span, dModel]; entry j writes to layer + j. span is 1 per layer, nLayers - layer across layers. */
  readonly decoder: TensorSource;
  /** [dModel], of the OUTPUT layer, added once. */
  readonly decoderBias: TensorSource;
  /** [out, in]: skip(x) = x @ skip^T, x at the feature input hook. */
  readonly skip?: TensorSource;
}

export interface TranscoderPlan {
  readonly spec: TranscoderSpec;
  /** [nLayers] */
  readonly layers: readonly TranscoderLayerWeights[];
}

/** All tensors of a plan. */
export function* tensorsOf({ layers }: TranscoderPlan): Generator<TensorSource> {
  for (const layer of layers) {
    for (const tensor of Object.values(layer) as (TensorSource | undefined)[]) if (tensor) yield tensor;
  }
}
