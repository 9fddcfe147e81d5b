import type { ResolvedLoadOptions } from '../engine/load-options';
import type { ModelSpec, ModelWeights } from '../engine/model-spec';
import type { TranscoderPlan, TranscoderSpec } from '../engine/transcoder-spec';
import { findFeatures } from '../features/packed-features';
import { readLabels } from '../features/read-labels';
import type { FeatureLabels } from '../graph-file/labels';
import { openModelPlan } from '../model/open-model';
import { Tokenizer } from '../model/tokenizer';
import { planLocated } from '../transcoder/formats';
import { checkFit } from './fit';
import { locatePair } from './locate-pair';

/** The properties of a model with transcoders that are known before their weights are read. */
export interface ModelOutline {
  readonly spec: ModelSpec;
  readonly transcoderSpec: TranscoderSpec;
  readonly tokenizer: Tokenizer;
  readonly name: string;
  readonly labels: FeatureLabels;
  readonly featuresDirectory: string | undefined;
}

export interface OpenedPair {
  readonly outline: ModelOutline;
  readonly weights: ModelWeights;
  readonly plan: TranscoderPlan;
}

/**
 * Open a model and transcoders without reading their weights. They are fetched if necessary, except for the weights.
 *
 * @throws CircuitTracerError the errors of `locatePair`; errors in config.json, config.yaml, the headers of weight
 * files, the tokenizer or the labels; `ERR_MODEL_MISMATCH` when the two do not match.
 */
export async function openPair(
  model: string | undefined,
  transcoders: string | undefined,
  options: ResolvedLoadOptions,
): Promise<OpenedPair> {
  const located = await locatePair(model, transcoders, options);
  const { spec, weights } = await openModelPlan(located.folder, options.signal);
  const plan = await planLocated(located.transcoders);
  checkFit(spec, plan.spec);
  const tokenizer = await Tokenizer.load(located.folder, { qwenPrefix: options.qwenPrefix });
  const labels = await readLabels(located.transcoders.folder);
  const featuresDirectory = await findFeatures(located.transcoders.folder);
  const { name } = located;
  return { outline: { spec, transcoderSpec: plan.spec, tokenizer, name, labels, featuresDirectory }, weights, plan };
}
