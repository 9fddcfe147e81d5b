import type { TensorSource } from '../io/tensor-source';

export const featureInputHooks = ['hook_resid_mid', 'ln2.hook_normalized', 'mlp.hook_in'] as const;
export const featureOutputHooks = ['mlp.hook_out', 'hook_mlp_out'] as const;
export type FeatureInputHook = (typeof featureInputHooks)[number];
export type FeatureOutputHook = (typeof featureOutputHooks)[number];

export const featureActivations = ['relu', 'jumprelu', 'topk', 'topk_relu'] as const;
/**
 * `jumprelu`: h where h > threshold (strict), otherwise 0, without a further ReLU. `topk`: the k largest values, with
 * their signs. `topk_relu`: those of the k largest that are above 0, as if ReLU came first.
 */
export type ActivationFunction = (typeof featureActivations)[number];

/** Whether an activation function keeps the k largest features of a position. */
export function keepsLargest(activation: ActivationFunction): boolean {
  return activation === 'topk' || activation === 'topk_relu';
}

/** The properties of a set of transcoders, in any file format. */
export interface TranscoderSpec {
  readonly kind: 'perLayer' | 'crossLayer';
  readonly nLayers: number;
  readonly dModel: number;
  /** [nLayers] the number of features per layer. */
  readonly nFeatures: readonly number[];
  readonly featureInputHook: FeatureInputHook;
  readonly featureOutputHook: FeatureOutputHook;
  readonly activation: ActivationFunction;
  /** The number of features that `topk` and `topk_relu` keep per position. 0 otherwise. */
  readonly k: number;
  readonly hasSkip: boolean;
  /** The name of the set in graph files: a hub reference, a local path, or one per layer for a custom list. */
  readonly scan: string | readonly string[];
  /** `model_name` of config.yaml, or '' when it has none. */
  readonly modelName: string;
}

/** The weights of one layer, in the only layout that native code knows. */
export interface TranscoderLayerWeights {
  /** [nFeatures, dModel] */
  readonly encoder: TensorSource;
  /** [nFeatures] */
  readonly encoderBias: TensorSource;
  /** [nFeatures], only for JumpReLU. */
  readonly threshold?: TensorSource;
  /** [nFeatures, span, dModel]; entry j writes to layer + j. span is 1 per layer, nLayers - layer across layers. */
  readonly decoder: TensorSource;
  /** [dModel], of the output layer, added once. */
  readonly decoderBias: TensorSource;
  /** [out, in]: skip(x) = x @ skip^T, x at the feature input hook. */
  readonly skip?: TensorSource;
}

export interface TranscoderPlan {
  readonly spec: TranscoderSpec;
  /** [nLayers] */
  readonly layers: readonly TranscoderLayerWeights[];
}

/** All tensors of a set. */
export function* tensorsOf({ layers }: TranscoderPlan): Generator<TensorSource> {
  for (const layer of layers) {
    for (const tensor of Object.values(layer) as (TensorSource | undefined)[]) if (tensor) yield tensor;
  }
}
