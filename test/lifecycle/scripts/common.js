const path = require('node:path');
const { ReplacementModel } = require('../../../dist');

const parity = path.join(__dirname, '..', '..', 'parity');

exports.load = (options) =>
  ReplacementModel.load(path.join(parity, 'models', 'llama'), path.join(parity, 'transcoders', 'llama-plt-relu-skip'), {
    device: 'cpu',
    ...options,
  });

/** Many seconds of work: a long prompt, one row at a time. `onStart` is called once, when rows are being computed. */
exports.longJob = (model, onStart, options = {}) => {
  const tokens = Array.from({ length: 240 }, (_, i) => 3 + ((i * 37) % 490));
  let started = false;
  return model.attribute(tokens, {
    batchSize: 1,
    ...options,
    onProgress: ({ total, done }) => {
      if (started || total < 100 || done < 1) return;
      started = true;
      onStart?.();
    },
  });
};

exports.shortJob = (model) => model.attribute('She counted 12 baskets of salt');
