import type { FeatureLabels } from '../features/labels';
import { findFeatures } from '../features/packed-features';
import { readLabels } from '../features/read-labels';
import { checkFit } from '../transcoder/fit';
import { planLocated } from '../transcoder/formats';
import type { TranscoderPlan, TranscoderSpec } from '../transcoder/spec';
import type { ResolvedLoadOptions } from './load-options';
import { locatePair } from './locate-pair';
import { openModelPlan } from './open-model';
import type { ModelSpec, ModelWeights } from './spec';
import { Tokenizer } from './tokenizer';

/** What is known of a model with transcoders before their weights are read. */
export interface ModelOutline {
  readonly spec: ModelSpec;
  readonly transcoderSpec: TranscoderSpec;
  readonly tokenizer: Tokenizer;
  readonly name: string;
  readonly labels: FeatureLabels;
  readonly featuresDir: string | undefined;
}

export interface OpenedPair {
  readonly outline: ModelOutline;
  readonly weights: ModelWeights;
  readonly plan: TranscoderPlan;
}

/**
 * Look into a model and transcoders, fetched if need be: all but the weights.
 *
 * @throws CircuitTracerError what `locatePair` throws, and what is wrong with config.json, config.yaml, headers of weight
 * files, tokenizer or labels; `ERR_MODEL_MISMATCH` when the two don't fit.
 */
export async function openPair(
  model: string | undefined,
  transcoderSet: string | undefined,
  options: ResolvedLoadOptions,
): Promise<OpenedPair> {
  const { folder, name, transcoders } = await locatePair(model, transcoderSet, options);
  const { spec, weights } = await openModelPlan(folder, options.signal);
  const plan = await planLocated(transcoders);
  checkFit(spec, plan.spec);
  const tokenizer = await Tokenizer.load(folder, { qwenPrefix: options.qwenPrefix });
  const labels = await readLabels(transcoders.folder);
  const featuresDir = await findFeatures(transcoders.folder);
  return { outline: { spec, transcoderSpec: plan.spec, tokenizer, name, labels, featuresDir }, weights, plan };
}
