import { type ConfigKey, noEffect, read, refused } from './config-keys';

/** The keys that Llama-like configuration classes share. */

export const sizeKeys: readonly ConfigKey[] = [
  ...['vocab_size', 'hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads'].map((key) =>
    read(key),
  ),
  read('num_key_value_heads'),
  read('max_position_embeddings', 'The maximum prompt length.'),
  read('rms_norm_eps'),
];

export const ropeParameters =
  'rope_theta, rope_type (default, linear, dynamic, llama3, yarn, longrope if one set of frequencies covers all ' +
  'lengths, proportional) and their parameters; other types are refused';

export const ropeKeys: readonly ConfigKey[] = [
  read('rope_theta', 'Used unless one of the two sections has one.'),
  read('rope_scaling', `${ropeParameters}. Takes precedence over \`rope_parameters\`, as in transformers 5.`),
  read(
    'rope_parameters',
    'Like `rope_scaling`. Separate settings for each kind of layer are refused. transformers 4 ignores it.',
  ),
  read('partial_rotary_factor', 'Ignored by type default, as in transformers 5. For other types, it must be 1.'),
  read('original_max_position_embeddings', 'Takes precedence over the one in `rope_scaling`, as in transformers 5.'),
];

export const tieKey = read('tie_word_embeddings', 'A stored head that differs from the embedding is used in any case.');

export const dropoutKeys = noEffect(['attention_dropout'], 'Training only.');

export const layerTypes = read('layer_types', 'full_attention and sliding_attention; other kinds are refused.');

export const bidirectional = refused(
  'use_bidirectional_attention',
  'false or null',
  (value) => value === false || value === null,
  'Otherwise attention sees later tokens.',
);
