import { type ResolvedTarget, resolveTargets, type TargetSpec } from '../attribution/targets';
import type { CallOptions } from '../call-options';
import { nativeProgress } from '../engine/jobs';
import { Logits } from '../intervention/logits';
import type { PreparedPrompt } from '../model/prompt';
import { layerFits } from './reconstruction';
import type { AttributionSetup } from './results';
import type { RunningModel } from './running-model';

/** The checked input of an attribution. */
export async function attributionSetup(
  { native, decode }: RunningModel,
  { tokens, specialPositions }: PreparedPrompt,
  { signal, onProgress }: CallOptions,
): Promise<AttributionSetup> {
  const progress = nativeProgress(onProgress);
  const { indices, values, reconstructionSums, logits, ...arrays } = await native.run(
    (engine, model, set) => engine.setupAttribution(model, set, tokens, specialPositions, progress),
    signal,
  );
  return {
    tokens,
    specialPositions,
    activeFeatures: indices,
    activationValues: values,
    layerFits: layerFits(reconstructionSums, tokens.length - specialPositions),
    ...arrays,
    logits: new Logits(logits, decode),
  };
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the invalid entry of `targets`. */
export function attributionTargets(
  { native, spec, transcoderSpec: transcoders, tokenizer }: RunningModel,
  targets: readonly TargetSpec[],
  { tokens, specialPositions }: PreparedPrompt,
  signal: AbortSignal | undefined,
): Promise<ResolvedTarget[]> {
  const directions = async (ids: Int32Array) => {
    const rows = native.run((engine, transformer) => engine.tokenDirections(transformer, ids), signal);
    return (await rows).data;
  };
  const prompt = tokens.length;
  return resolveTargets(targets, { spec, transcoders, tokenizer, prompt, specialPositions, directions });
}
