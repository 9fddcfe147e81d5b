const files = require('node:fs/promises');
const { ReplacementModel } = require('../../../../dist');

/** Offload to a folder that somebody removes before it is filled. */
const make = files.mkdtemp;
files.mkdtemp = async (prefix) => {
  const folder = await make(prefix);
  await files.rm(folder, { recursive: true });
  return folder;
};

(async () => {
  const model = await ReplacementModel.load('demo', undefined, { lazyDecoder: false });
  const run = model.attribute([2, 300, 301], { offload: 'disk', maxFeatureNodes: 4 });
  const { code, message } = await run.then(
    () => ({ code: 'none', message: '' }),
    (error) => error,
  );
  process.stdout.write(JSON.stringify({ code, message }));
  await model.dispose();
})();
