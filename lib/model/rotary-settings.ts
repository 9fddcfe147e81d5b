import { ModelConfig } from './config';

/** The rotary settings of one kind of layer, from either format of config.json. */
export interface RotarySettings {
  readonly type: string;
  /** The base of the frequencies. */
  readonly theta: number;
  /** The rotated share of the dimensions of a head. */
  readonly share: number;
  /** Whether YaRN rounds the ends of its ramp to whole dimensions. */
  readonly truncate: boolean;
  /** The original training length of the model; null when config.json does not have it. */
  readonly context: number | null;
  /** The parameters of this type; null when there are none. */
  readonly parameters: ModelConfig | null;
}

/** The defaults for values missing from config.json. */
export interface RotaryDefaults {
  readonly theta: number;
  /** The key of the base in the older format. Default `rope_theta`. */
  readonly thetaKey?: string;
  /** The key of the share in the older format. Default `partial_rotary_factor`. */
  readonly shareKey?: string;
  /** The share. Default 1. */
  readonly share?: number;
  /** The parameters of the family's configuration class, used when config.json has none. */
  readonly scaling?: ModelConfig;
}

/** The kinds of layers that may have separate entries in `rope_parameters`. */
type LayerType = 'full_attention' | 'sliding_attention';

/**
 * Read rotary settings that all layers share: `rope_scaling` (transformers 4) unless null or empty, otherwise
 * `rope_parameters` (transformers 5). If the section has no base or share, those at the top level are used.
 *
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` also for separate settings for each kind of layer.
 */
export function readRotarySettings(config: ModelConfig, defaults: RotaryDefaults): RotarySettings {
  const older = config.section('rope_scaling');
  const newer = config.section('rope_parameters') ?? defaults.scaling ?? null;
  const parameters = older && !older.isEmpty ? older : newer;
  for (const layerType of ['full_attention', 'sliding_attention']) {
    if (parameters?.has(layerType)) throw parameters.unsupported(layerType, 'settings that all layers share');
  }
  return {
    ...readSettings(config, parameters, defaults),
    type: readType(parameters),
    truncate: parameters?.boolean('truncate', true) ?? true,
    context:
      config.optionalNumber('original_max_position_embeddings', null) ??
      parameters?.optionalNumber('original_max_position_embeddings', null) ??
      null,
  };
}

/**
 * Read the rotary settings of one kind of layer (Gemma 3): its entry in `rope_parameters`, overridden by `rope_scaling`
 * for full attention. As in transformers 5, `rope_parameters` without an entry is ignored.
 */
export function readLayerRotarySettings(
  config: ModelConfig,
  layerType: LayerType,
  defaults: RotaryDefaults,
): RotarySettings {
  const whole = config.section('rope_parameters');
  const own = whole?.section(layerType) ?? null;
  const scaling = layerType === 'full_attention' ? config.section('rope_scaling') : null;
  const parameters = scaling ? scaling.over(own ?? plain) : own;
  return {
    ...readSettings(config, parameters, defaults),
    type: readType(parameters),
    // transformers 5 reads it from the level of the entries.
    truncate: whole?.boolean('truncate', true) ?? true,
    context: parameters?.optionalNumber('original_max_position_embeddings', null) ?? null,
  };
}

const plain = new ModelConfig({ rope_type: 'default' }, 'rotary settings of transformers 5');

function readType(parameters: ModelConfig | null): string {
  return parameters?.string('rope_type', parameters.string('type', 'default')) ?? 'default';
}

function readSettings(config: ModelConfig, parameters: ModelConfig | null, defaults: RotaryDefaults) {
  const theta = config.number(defaults.thetaKey ?? 'rope_theta', defaults.theta);
  const share = config.optionalNumber(defaults.shareKey ?? 'partial_rotary_factor', null) ?? defaults.share ?? 1;
  return {
    theta: parameters?.number('rope_theta', theta) ?? theta,
    share: parameters?.number('partial_rotary_factor', share) ?? share,
    parameters,
  };
}
