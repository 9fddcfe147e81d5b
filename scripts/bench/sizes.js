/**
 * The models of the benchmarks: the shape of Gemma 2 with random weights. `active` is the number of features per layer
 * and position.
 */
const common = { positions: 32, active: 48 };

const medium = {
  ...common,
  layers: 12,
  width: 768,
  heads: 8,
  kvHeads: 4,
  headWidth: 96,
  mlp: 3072,
  vocab: 8192,
  features: 8192,
};

exports.sizes = {
  small: {
    ...common,
    layers: 4,
    width: 128,
    heads: 4,
    kvHeads: 2,
    headWidth: 32,
    mlp: 512,
    vocab: 1024,
    features: 1024,
  },
  medium,
  long: { ...medium, positions: 512 },
  'long-2000': { ...medium, positions: 2000 },
  'gemma-2-2b': {
    ...common,
    positions: 64,
    layers: 26,
    width: 2304,
    heads: 8,
    kvHeads: 4,
    headWidth: 256,
    mlp: 9216,
    vocab: 256_000,
    features: 16_384,
  },
};

exports.kinds = ['per-layer', 'cross-layer'];
