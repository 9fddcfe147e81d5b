import type { ModelConfig } from './config';
import type { RotaryTable } from './spec';

/** Rotary settings of one kind of layer, in either spelling of config.json. */
export interface RotarySettings {
  readonly type: string;
  /** Base of the frequencies. */
  readonly theta: number;
  /** Where further parameters are; null when there are none. */
  readonly parameters: ModelConfig | null;
}

/** What counts when config.json doesn't say. */
export interface RotaryDefaults {
  readonly theta: number;
  /** Key of the base in the older spelling; default `rope_theta`. */
  readonly thetaKey?: string;
  /** Scaling of the family's configuration class, used when the key is missing. */
  readonly scaling?: ModelConfig;
}

/**
 * Read rotary settings: `rope_parameters` (transformers 5), else `rope_theta` with `rope_scaling` (transformers 4).
 *
 * @param layerType Key inside `rope_parameters` when that has one entry per kind of layer.
 */
export function readRotarySettings(config: ModelConfig, defaults: RotaryDefaults, layerType?: string): RotarySettings {
  const whole = config.section('rope_parameters');
  const newer = (layerType ? whole?.section(layerType) : null) ?? whole;
  const older = config.has('rope_scaling') ? config.section('rope_scaling') : (defaults.scaling ?? null);
  const parameters = newer ?? older;
  const theta = config.number(defaults.thetaKey ?? 'rope_theta', defaults.theta);
  return {
    type: parameters?.string('rope_type', parameters.string('type', 'default')) ?? 'default',
    theta: parameters?.number('rope_theta', theta) ?? theta,
    parameters,
  };
}

/**
 * Inverse frequencies of `dimensions` rotated head dimensions, in float32 as `transformers` computes them.
 *
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` for a `rope_type` other than default, linear, llama3 and yarn.
 */
export function rotaryTable(settings: RotarySettings, dimensions: number, maxPositions: number): RotaryTable {
  const { type, theta, parameters } = settings;
  const periods = relativePeriods(theta, dimensions);
  const frequencies = periods.map((period) => f32(1 / period));
  if (type === 'default' || !parameters) return { frequencies, attentionFactor: 1 };
  const factor = () => required(parameters, 'factor');
  switch (type) {
    case 'linear':
      return { frequencies: frequencies.map((frequency) => f32(frequency / factor())), attentionFactor: 1 };
    case 'llama3':
      return { frequencies: llama3Frequencies(frequencies, parameters), attentionFactor: 1 };
    case 'yarn':
      return {
        frequencies: yarnFrequencies(periods, theta, dimensions, maxPositions, parameters),
        attentionFactor: yarnAttentionFactor(factor(), parameters),
      };
    default:
      throw parameters.unsupported(
        parameters.has('rope_type') ? 'rope_type' : 'type',
        'default, linear, llama3 or yarn',
      );
  }
}

const f32 = Math.fround;

/** theta^(2t/d): how long pair t takes for one radian. */
function relativePeriods(theta: number, dimensions: number): number[] {
  return Array.from({ length: dimensions / 2 }, (_, t) => f32(f32(theta) ** f32((2 * t) / dimensions)));
}

/** Long wavelengths are slowed by `factor`, short ones kept, those between interpolated. */
function llama3Frequencies(frequencies: readonly number[], parameters: ModelConfig): number[] {
  const factor = required(parameters, 'factor');
  const low = required(parameters, 'low_freq_factor');
  const high = required(parameters, 'high_freq_factor');
  const context = required(parameters, 'original_max_position_embeddings');
  return frequencies.map((frequency) => {
    const wavelength = f32((2 * Math.PI) / frequency);
    if (wavelength < f32(context / high)) return frequency;
    if (wavelength > f32(context / low)) return f32(frequency / factor);
    const smooth = f32(f32(f32(context / wavelength) - low) / f32(high - low));
    return f32(f32(f32(f32(1 - smooth) * frequency) / factor) + f32(smooth * frequency));
  });
}

/** YaRN (arXiv:2309.00071): pairs that turn often keep their frequency, pairs that turn seldom are slowed by `factor`. */
function yarnFrequencies(
  periods: readonly number[],
  theta: number,
  dimensions: number,
  maxPositions: number,
  parameters: ModelConfig,
): number[] {
  const factor = required(parameters, 'factor');
  const context = parameters.optionalNumber('original_max_position_embeddings', null) ?? maxPositions;
  const truncate = parameters.boolean('truncate', true);
  // The pair, counted in dimensions, that makes `turns` full turns within the context.
  const dimensionOf = (turns: number) =>
    (dimensions * Math.log(context / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const first = dimensionOf(parameters.optionalNumber('beta_fast', null) ?? 32);
  const last = dimensionOf(parameters.optionalNumber('beta_slow', null) ?? 1);
  const start = Math.max(truncate ? Math.floor(first) : first, 0);
  let stop = Math.min(truncate ? Math.ceil(last) : last, dimensions - 1);
  if (stop === start) stop += 0.001;
  return periods.map((period, t) => {
    const ramp = Math.min(Math.max(f32(f32(t - f32(start)) / f32(stop - start)), 0), 1);
    const kept = f32(1 - ramp);
    const slowed = f32(f32(1 / f32(factor * period)) * f32(1 - kept));
    return f32(slowed + f32(f32(1 / period) * kept));
  });
}

function yarnAttentionFactor(factor: number, parameters: ModelConfig): number {
  const given = parameters.optionalNumber('attention_factor', null);
  if (given !== null) return given;
  const scale = parameters.optionalNumber('mscale', null);
  const scaleAll = parameters.optionalNumber('mscale_all_dim', null);
  if (scale && scaleAll) return temperature(factor, scale) / temperature(factor, scaleAll);
  return temperature(factor, 1);
}

function temperature(factor: number, scale: number): number {
  return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
}

function required(parameters: ModelConfig, key: string): number {
  if (!parameters.has(key)) throw parameters.unsupported(key, 'a positive number');
  return parameters.number(key, 1);
}
