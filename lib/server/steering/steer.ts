import type { FeatureIntervention } from '../../intervention/types';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import type { SteerAnswer, TokenChance } from '../api';
import type { SteerSettings } from './steer-request';

/**
 * @param tokens the exact tokens of the prompt
 * @param interventions the edits of the request
 * @throws CircuitTracerError the errors of `generate`.
 */
export async function steer(
  model: ReplacementModel,
  tokens: readonly number[],
  interventions: readonly FeatureIntervention[],
  request: SteerSettings,
  signal: AbortSignal,
): Promise<SteerAnswer> {
  const before = await run(model, tokens, [], request, signal);
  const after = await run(model, tokens, interventions, request, signal);
  return {
    before: before.likeliest,
    after: after.likeliest,
    continuation: { before: before.text, after: after.text },
  };
}

async function run(
  model: ReplacementModel,
  tokens: readonly number[],
  interventions: readonly FeatureIntervention[],
  { maxNewTokens, freezeAttention, top }: SteerSettings,
  signal: AbortSignal,
): Promise<{ likeliest: TokenChance[]; text: string }> {
  const result = await model.generate(tokens, {
    interventions,
    // The logits of the first new token are those of the prompt.
    maxNewTokens: Math.max(1, maxNewTokens),
    freezeAttention,
    exactTokens: true,
    returnActivations: false,
    signal,
  });
  const likeliest = result.topTokens(top, { position: 0 }).map(({ token, probability }) => ({ token, probability }));
  return { likeliest, text: maxNewTokens === 0 ? '' : result.newText };
}
