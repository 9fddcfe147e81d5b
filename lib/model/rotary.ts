import type { RotaryTable } from '../engine/model-spec';
import type { ModelConfig } from './config';
import type { RotarySettings } from './rotary-settings';

/** The supported values of `rope_type`. */
const types = 'default, linear, dynamic, llama3, yarn, longrope or proportional';

/**
 * The inverse frequencies of the rotated head dimensions, in float32 as in `transformers`.
 *
 * @param dHead the dimensions of a head, of which `settings.share` rotate
 * @param ownShare whether attention rotates a share of the head for all types, as in GPT-NeoX. Other families ignore
 * the share for the default type.
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` for an unsupported `rope_type`, and for missing or invalid
 * parameters.
 */
export function rotaryTable(
  settings: RotarySettings,
  dHead: number,
  maxPositions: number,
  ownShare = false,
): RotaryTable {
  const { type, theta, share, parameters } = settings;
  const rotated = type === 'default' && !ownShare ? dHead : Math.trunc(dHead * share);
  if (type === 'proportional') return proportionalTable(settings, dHead);
  const pairs = Math.ceil(rotated / 2);
  if (parameters && !ownShare && rotated !== dHead) throw parameters.unsupported('partial_rotary_factor', '1');
  const periods = relativePeriods(theta, rotated, pairs);
  const frequencies = periods.map((period) => f32(1 / period));
  if (type === 'default' || !parameters) return { frequencies, attentionFactor: 1 };
  switch (type) {
    case 'dynamic':
      // Frequencies change only for prompts longer than the model's maximum. Below it, they are those of the default
      // type.
      required(parameters, 'factor');
      return { frequencies, attentionFactor: 1 };
    case 'linear': {
      const factor = required(parameters, 'factor');
      return { frequencies: frequencies.map((frequency) => f32(frequency / factor)), attentionFactor: 1 };
    }
    case 'llama3':
      return {
        frequencies: llama3Frequencies(frequencies, settings.context ?? maxPositions, parameters),
        attentionFactor: 1,
      };
    case 'yarn':
      return yarnTable(periods, rotated, settings, maxPositions, parameters);
    case 'longrope':
      return longropeTable(periods, settings.context ?? maxPositions, maxPositions, parameters);
    default:
      throw parameters.unsupported(parameters.has('rope_type') ? 'rope_type' : 'type', types);
  }
}

const f32 = Math.fround;

/** theta^(2t/d): the number of positions in which pair t rotates by one radian. */
function relativePeriods(theta: number, dimensions: number, pairs: number): number[] {
  return Array.from({ length: pairs }, (_, t) => f32(f32(theta) ** f32((2 * t) / dimensions)));
}

/** Only the leading share of pairs rotates, with the frequencies of a fully rotated head. The others do not rotate. */
function proportionalTable({ theta, share, parameters }: RotarySettings, dHead: number): RotaryTable {
  const turning = Math.floor((share * dHead) / 2);
  const factor = parameters?.number('factor', 1) ?? 1;
  const frequencies = relativePeriods(theta, dHead, dHead / 2).map((period, t) =>
    t < turning ? f32(f32(1 / period) / factor) : 0,
  );
  return { frequencies, attentionFactor: 1 };
}

/** Low frequencies are divided by `factor`, high ones are kept, and those in between are interpolated. */
function llama3Frequencies(frequencies: readonly number[], context: number, parameters: ModelConfig): number[] {
  const factor = required(parameters, 'factor');
  const low = required(parameters, 'low_freq_factor');
  const high = required(parameters, 'high_freq_factor');
  return frequencies.map((frequency) => {
    const wavelength = f32((2 * Math.PI) / frequency);
    if (wavelength < f32(context / high)) return frequency;
    if (wavelength > f32(context / low)) return f32(frequency / factor);
    const smooth = f32(f32(f32(context / wavelength) - low) / f32(high - low));
    return f32(f32(f32(f32(1 - smooth) * frequency) / factor) + f32(smooth * frequency));
  });
}

/** YaRN (arXiv:2309.00071): high frequencies are kept, and low ones are divided by `factor`. */
function yarnTable(
  periods: readonly number[],
  dimensions: number,
  { theta, truncate, context: given }: RotarySettings,
  maxPositions: number,
  parameters: ModelConfig,
): RotaryTable {
  const context = given ?? maxPositions;
  if (!parameters.has('factor')) throw parameters.unsupported('factor', 'a positive number or null');
  const factor = parameters.optionalNumber('factor', null) ?? maxPositions / context;
  // The index of the pair that makes `turns` full turns within the context, as a fraction.
  const pairWith = (turns: number) => (dimensions * Math.log(context / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const first = pairWith(optional(parameters, 'beta_fast') || 32);
  const last = pairWith(optional(parameters, 'beta_slow') || 1);
  const start = Math.max(truncate ? Math.floor(first) : first, 0);
  let stop = Math.min(truncate ? Math.ceil(last) : last, dimensions - 1);
  if (stop === start) stop += 0.001;
  const frequencies = periods.map((period, t) => {
    const ramp = Math.min(Math.max(f32(f32(t - f32(start)) / f32(stop - start)), 0), 1);
    const kept = f32(1 - ramp);
    const slowed = f32(f32(1 / f32(factor * period)) * f32(1 - kept));
    return f32(slowed + f32(f32(1 / period) * kept));
  });
  return { frequencies, attentionFactor: yarnAttentionFactor(factor, parameters) };
}

function yarnAttentionFactor(factor: number, parameters: ModelConfig): number {
  const given = parameters.optionalNumber('attention_factor', null);
  if (given !== null) return given;
  const scale = optional(parameters, 'mscale');
  const scaleAll = optional(parameters, 'mscale_all_dim');
  if (scale && scaleAll) return temperature(factor, scale) / temperature(factor, scaleAll);
  return temperature(factor, 1);
}

function temperature(factor: number, scale: number): number {
  return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
}

/**
 * LongRoPE (arXiv:2402.13753) divides the frequency of each pair by its own factor. The second list of factors is for
 * prompts longer than `context`.
 */
function longropeTable(
  periods: readonly number[],
  context: number,
  maxPositions: number,
  parameters: ModelConfig,
): RotaryTable {
  if (context < maxPositions) {
    throw parameters.unsupported(
      'rope_type',
      `longrope only where original_max_position_embeddings (${context}) is at least max_position_embeddings ` +
        `(${maxPositions}), so that prompts of all lengths use the same frequencies`,
    );
  }
  const factors = parameters.numbers('short_factor');
  if (factors.length !== periods.length) throw parameters.unsupported('short_factor', `${periods.length} numbers`);
  const factor = parameters.optionalNumber('factor', null) ?? maxPositions / context;
  const spread = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(context));
  return {
    frequencies: periods.map((period, t) => f32(1 / f32(f32(factors[t] as number) * period))),
    attentionFactor: parameters.optionalNumber('attention_factor', null) ?? spread,
  };
}

function required(parameters: ModelConfig, key: string): number {
  if (!parameters.has(key)) throw parameters.unsupported(key, 'a positive number');
  return parameters.number(key, 1);
}

/** A number; zero when missing, null or zero, which all mean the default. */
function optional(parameters: ModelConfig, key: string): number {
  return parameters.value(key) === null ? 0 : parameters.nonNegative(key, 0);
}
