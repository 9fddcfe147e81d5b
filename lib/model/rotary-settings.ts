import { ModelConfig } from './config';

/** Rotary settings of one kind of layer, in either spelling of config.json. */
export interface RotarySettings {
  readonly type: string;
  /** Base of the frequencies. */
  readonly theta: number;
  /** Share of a head's dimensions that rotates. */
  readonly share: number;
  /** Whether YaRN rounds the ends of its ramp to whole dimensions. */
  readonly truncate: boolean;
  /** Length the model was first trained for; null when config.json doesn't say. */
  readonly context: number | null;
  /** Where the parameters of this type are; null when there are none. */
  readonly parameters: ModelConfig | null;
}

/** What counts when config.json doesn't say. */
export interface RotaryDefaults {
  readonly theta: number;
  /** Key of the base in the older spelling; default `rope_theta`. */
  readonly thetaKey?: string;
  /** Key of the share in the older spelling; default `partial_rotary_factor`. */
  readonly shareKey?: string;
  /** Default 1. */
  readonly share?: number;
  /** Parameters of the family's configuration class where config.json has none. */
  readonly scaling?: ModelConfig;
}

/** Kinds of layers that `rope_parameters` may hold apart. */
type LayerType = 'full_attention' | 'sliding_attention';

/**
 * Read rotary settings that all layers share: `rope_scaling` (transformers 4) unless null or empty, else
 * `rope_parameters` (transformers 5), with the base and the share beside them where they hold none.
 *
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` also for settings of each kind of layer.
 */
export function readRotarySettings(config: ModelConfig, defaults: RotaryDefaults): RotarySettings {
  const older = config.section('rope_scaling');
  const newer = config.section('rope_parameters') ?? defaults.scaling ?? null;
  const parameters = older && !older.isEmpty ? older : newer;
  for (const layerType of ['full_attention', 'sliding_attention']) {
    if (parameters?.has(layerType)) throw parameters.unsupported(layerType, 'settings that all layers share');
  }
  return {
    ...settingsOf(config, parameters, defaults),
    type: typeOf(parameters),
    truncate: parameters?.boolean('truncate', true) ?? true,
    context:
      config.optionalNumber('original_max_position_embeddings', null) ??
      parameters?.optionalNumber('original_max_position_embeddings', null) ??
      null,
  };
}

/**
 * Read rotary settings of one kind of layer (Gemma 3): its entry in `rope_parameters`, under what `rope_scaling` says
 * of full attention. As in transformers 5, `rope_parameters` without an entry counts as none.
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
    ...settingsOf(config, parameters, defaults),
    type: typeOf(parameters),
    // transformers 5 looks for it beside the entries.
    truncate: whole?.boolean('truncate', true) ?? true,
    context: parameters?.optionalNumber('original_max_position_embeddings', null) ?? null,
  };
}

const plain = new ModelConfig({ rope_type: 'default' }, 'rotary settings of transformers 5');

function typeOf(parameters: ModelConfig | null): string {
  return parameters?.string('rope_type', parameters.string('type', 'default')) ?? 'default';
}

function settingsOf(config: ModelConfig, parameters: ModelConfig | null, defaults: RotaryDefaults) {
  const theta = config.number(defaults.thetaKey ?? 'rope_theta', defaults.theta);
  const share = config.optionalNumber(defaults.shareKey ?? 'partial_rotary_factor', null) ?? defaults.share ?? 1;
  return {
    theta: parameters?.number('rope_theta', theta) ?? theta,
    share: parameters?.number('partial_rotary_factor', share) ?? share,
    parameters,
  };
}
