import { nativeProgress } from '../engine/jobs';
import { Logits } from '../intervention/logits';
import type { PreparedPrompt } from '../model/prompt';
import type { ResolvedOf } from '../options';
import { warnOfNegatives } from '../transcoder/negative-activations';
import { checkActivationsSize, checkLogitsSize, type FeatureActivations } from './results';
import type { activationOptions } from './run-options';
import type { RunningModel } from './running-model';

type ResolvedActivationOptions = ResolvedOf<typeof activationOptions>;

/**
 * Compute the activations of the prompts in order. The sizes of all results are checked before the first prompt runs.
 */
export async function featureActivations(
  model: RunningModel,
  prompts: readonly PreparedPrompt[],
  options: ResolvedActivationOptions,
): Promise<FeatureActivations[]> {
  for (const { tokens } of prompts) {
    checkLogitsSize(tokens, model.spec);
    if (!options.sparse) checkActivationsSize(tokens, model.transcoderSpec);
  }
  const results: FeatureActivations[] = [];
  for (const prompt of prompts) results.push(await computeActivations(model, prompt, options));
  return results;
}

async function computeActivations(
  { native, spec, transcoderSpec, decode }: RunningModel,
  { tokens, specialPositions }: PreparedPrompt,
  { sparse, applyActivationFunction: apply, signal, onProgress }: ResolvedActivationOptions,
): Promise<FeatureActivations> {
  const progress = nativeProgress(onProgress);
  const { logits, features } = await native.run(
    (engine, model, set) => engine.featureActivations(model, set, tokens, specialPositions, apply, sparse, progress),
    signal,
  );
  const shape = [spec.nLayers, tokens.length, Math.max(...transcoderSpec.nFeatures)];
  if (apply) warnOfNegatives(transcoderSpec, 'values' in features ? features.values : features.data);
  const activations = 'indices' in features ? { ...features, shape } : features;
  return { tokens, logits: new Logits(logits, decode), activations };
}
