import type { FeatureIntervention } from '../../intervention/types';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import type { SteerRequest } from './steer-request';

export interface TokenChance {
  readonly token: string;
  readonly probability: number;
}

/** The likeliest next tokens and the continuation, without and with the edits. */
export interface SteerAnswer {
  readonly before: readonly TokenChance[];
  readonly after: readonly TokenChance[];
  readonly continuation: { readonly before: string; readonly after: string };
}

/**
 * @param tokens of the prompt, exact
 * @param interventions that the request's edits stand for
 * @throws CircuitTracerError what `generate` throws.
 */
export async function steer(
  model: ReplacementModel,
  tokens: readonly number[],
  interventions: readonly FeatureIntervention[],
  request: SteerRequest,
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
  { maxNewTokens, freezeAttention, top }: SteerRequest,
  signal: AbortSignal,
): Promise<{ likeliest: TokenChance[]; text: string }> {
  const result = await model.generate(tokens, {
    interventions,
    // The first new token's logits are those of the prompt.
    maxNewTokens: Math.max(1, maxNewTokens),
    freezeAttention,
    exactTokens: true,
    returnActivations: false,
    signal,
  });
  const likeliest = result.topTokens(top, { position: 0 }).map(({ token, probability }) => ({ token, probability }));
  return { likeliest, text: maxNewTokens === 0 ? '' : result.newText };
}
