const path = require('node:path');
const { ReplacementModel } = require('../../../../dist');

const parity = path.join(__dirname, '..', '..', '..', 'integration', 'parity');

exports.load = (options) =>
  ReplacementModel.load(path.join(parity, 'models', 'llama'), path.join(parity, 'transcoders', 'llama-plt-relu-skip'), {
    device: 'cpu',
    ...options,
  });

/**
 * Thousands of rows, one at a time: seconds of work even on a fast machine; half as many tokens are a quarter of it. `onStart` is called once, when rows are being
 * computed; `onRows` with every report of them.
 */
exports.longJob = (model, { onStart, onRows, nTokens = 240, ...options } = {}) => {
  const tokens = Array.from({ length: nTokens }, (_, i) => 3 + ((i * 37) % 490));
  let started = false;
  return model.attribute(tokens, {
    batchSize: 1,
    ...options,
    onProgress: ({ total, done }) => {
      if (total < 100 || done < 1) return;
      onRows?.({ total, done });
      if (!started) onStart?.();
      started = true;
    },
  });
};

exports.shortJob = (model) => model.attribute('She counted 12 baskets of salt');
