const { ownPeakBytes } = require('../../../scripts/own-peak');
// Loads a model and prints the most memory that was resident, in bytes: MODEL TRANSCODERS OPTIONS_JSON
const { ReplacementModel } = require('../../../dist');

const [model, transcoders, options] = process.argv.slice(2);
ReplacementModel.load(model, transcoders, { device: 'cpu', ...JSON.parse(options) }).then((loaded) => {
  console.log(ownPeakBytes());
  return loaded.dispose();
});
