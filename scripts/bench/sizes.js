/** Models the benchmarks run on: Gemma 2 in shape, with random weights. `active` features per layer and position. */
const common = { positions: 32, active: 48 };

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
  medium: {
    ...common,
    layers: 12,
    width: 768,
    heads: 8,
    kvHeads: 4,
    headWidth: 96,
    mlp: 3072,
    vocab: 8192,
    features: 8192,
  },
};

exports.kinds = ['per-layer', 'cross-layer'];
