import type { Activations } from '../engine/arrays';
import type { NativeInterventionResult } from '../engine/binding';
import { nativeProgress } from '../engine/jobs';
import type { NativeModel } from '../engine/native-model';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { PreparedPrompt } from '../model/prompt';
import type { EditPlan } from './edits';
import { Logits } from './logits';
import type { ResolvedFreezeOptions } from './options';
import { InterveneResult } from './results';

/** Run one edited pass over a prompt. */
export async function runIntervention(
  model: NativeModel,
  { tokens, specialPositions }: PreparedPrompt,
  plan: EditPlan,
  { transcoderSpec, decode }: { readonly transcoderSpec: TranscoderSpec; readonly decode: (tokenId: number) => string },
  options: ResolvedFreezeOptions,
): Promise<InterveneResult> {
  const { native, signal, onProgress } = options;
  const edits = plan.between(0, tokens.length);
  const pass = { ...native, ...edits, tokens, specialPositions, frozenPositions: tokens.length };
  const result = await model.run(
    (engine, transformer, transcoders) =>
      engine.intervene(transformer, transcoders, pass, null, nativeProgress(onProgress)),
    signal,
  );
  return new InterveneResult({
    tokens,
    logits: new Logits(result.logits, decode),
    rawLogits: options.rawLogits ? new Logits(result.rawLogits, decode) : undefined,
    cache: result.cache,
    activations: shaped(result.activations, tokens.length, transcoderSpec),
  });
}

/** Sparse activations with the shape of the dense array. */
export function shaped(
  activations: NativeInterventionResult['activations'],
  nPositions: number,
  { nLayers, nFeatures }: TranscoderSpec,
): Activations | undefined {
  if (activations === null) return undefined;
  if (!('indices' in activations)) return activations;
  return { ...activations, shape: [nLayers, nPositions, Math.max(...nFeatures)] };
}
