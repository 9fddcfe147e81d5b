import type { ModelConfig } from '../config';

/**
 * The effect of a key of config.json in this package. The tables of the families are checked at load and printed in
 * docs/guide/model-configs.md.
 */
export interface ConfigKey {
  readonly key: string;
  /**
   * `read`; `none`: never changes a number of the forward pass; `refused`: changes numbers in a way that this package
   * does not support.
   */
  readonly effect: 'read' | 'none' | 'refused';
  /** The aliases in the `attribute_map` of the configuration class. */
  readonly aliases?: readonly string[];
  /** For a refused key: a description of the values that are accepted. A missing key is always accepted. */
  readonly unless?: string;
  /** For a refused key: check its value. @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` */
  readonly check?: (config: ModelConfig) => void;
  readonly note?: string;
}

export function read(key: string, note?: string, aliases?: readonly string[]): ConfigKey {
  return { key, effect: 'read', ...(note && { note }), ...(aliases && { aliases }) };
}

/** Keys without effect that share a reason. */
export function noEffect(keys: readonly string[], note?: string): ConfigKey[] {
  return keys.map((key) => ({ key, effect: 'none', ...(note && { note }) }));
}

/** @param accepts whether a value leaves the numbers unchanged */
export function refused(
  key: string,
  unless: string,
  accepts: (value: unknown, config: ModelConfig) => boolean,
  note?: string,
): ConfigKey {
  const check = (config: ModelConfig) => {
    if (config.has(key) && !accepts(config.value(key), config)) throw config.unsupported(key, unless);
  };
  return { key, effect: 'refused', unless, check, ...(note && { note }) };
}

/** The aliases of each key. */
export function aliasesOf(keys: readonly ConfigKey[]): Map<string, readonly string[]> {
  return new Map(keys.flatMap(({ key, aliases }) => (aliases ? [[key, aliases] as const] : [])));
}

/**
 * Reject settings that change numbers in a way that this package does not support. Keys outside the table are ignored,
 * as in the configuration class.
 *
 * @param config the settings, with the aliases of the table
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL`, also when a key and its alias have different values.
 */
export function checkConfigKeys(config: ModelConfig, keys: readonly ConfigKey[]): void {
  for (const { key, aliases, check } of keys) {
    if (aliases) config.checkAliases(key);
    check?.(config);
  }
}

const quantized = refused(
  'quantization_config',
  'null',
  (value) => value === null,
  'Weights must be stored in F32, BF16, F16 or F64.',
);

/** The keys of `PreTrainedConfig`, which all configuration classes share. */
export const commonKeys: readonly ConfigKey[] = [
  read('model_type', 'Selects the family.'),
  {
    ...quantized,
    check: (config) => {
      const quantization = config.section('quantization_config');
      if (quantization) throw quantization.unsupported('quant_method', 'no quantization');
    },
  },
  refused(
    'per_layer_config',
    'null or {}',
    (value) => value === null || (typeof value === 'object' && Object.keys(value as object).length === 0),
    'Layers of different shapes (transformers 5).',
  ),
  refused(
    'is_causal',
    'true',
    (value) => value === true,
    'Other values let attention see later tokens (transformers 5).',
  ),
  refused(
    'pruned_heads',
    'null or {}',
    (value) => value === null || (typeof value === 'object' && Object.keys(value as object).length === 0),
    'transformers 4 removes heads.',
  ),
  ...noEffect(['dtype', 'torch_dtype', 'use_bfloat16'], 'The option `dtype` sets the dtype.'),
  ...noEffect(['architectures', 'auto_map', 'transformers_version', '_name_or_path', 'name_or_path', '_commit_hash']),
  ...noEffect(
    ['_attn_implementation', 'attn_implementation', 'experts_implementation', '_experts_implementation'],
    'Selects a kernel for the same formula.',
  ),
  ...noEffect(
    [
      'use_cache',
      'return_dict',
      'output_hidden_states',
      'output_attentions',
      'torchscript',
      'tie_last_hidden_states',
      'use_return_dict',
    ],
    'Sets what a call returns.',
  ),
  ...noEffect(['chunk_size_feed_forward', 'gradient_checkpointing', 'tf_legacy_loss', 'initializer_range']),
  ...noEffect(
    ['is_encoder_decoder', 'is_decoder', 'add_cross_attention', 'cross_attention_hidden_size', 'tie_encoder_decoder'],
    'Only the decoder runs.',
  ),
  ...noEffect(
    [
      'bos_token_id',
      'eos_token_id',
      'pad_token_id',
      'sep_token_id',
      'decoder_start_token_id',
      'tokenizer_class',
      'prefix',
    ],
    'Not in the forward pass.',
  ),
  ...noEffect(
    ['id2label', 'label2id', 'num_labels', 'problem_type', 'finetuning_task', 'task_specific_params'],
    'Heads of other tasks.',
  ),
];
