const fs = require('node:fs');
const path = require('node:path');
const { Worker, isMainThread } = require('node:worker_threads');
const { ReplacementModel } = require('../../../../dist');

/** `threads <folder>`: a worker that loaded a model is gone; then a file is cut. `sent`: SIGBUS from outside. */
const [way, folder] = process.argv.slice(2);
const demo = path.join(__dirname, '..', '..', '..', '..', 'lib', 'demo');

(async () => {
  if (!isMainThread) {
    await (await ReplacementModel.load('demo')).dispose();
    return;
  }
  if (way === 'threads') await new Promise((resolve) => new Worker(__filename).once('exit', resolve));
  if (way === 'sent') {
    await (await ReplacementModel.load('demo')).dispose();
    process.kill(process.pid, 'SIGBUS');
    setTimeout(() => undefined, 60_000);
    return;
  }
  fs.cpSync(path.join(demo, 'transcoders'), folder, { recursive: true });
  const model = await ReplacementModel.load(path.join(demo, 'model'), folder);
  fs.truncateSync(path.join(folder, 'layer_3.safetensors'), 4096);
  const codes = [];
  for (let i = 0; i < 2; i++) codes.push(await model.attribute([2, 300, 301]).catch((error) => error.code));
  process.stdout.write(`${codes}\n`);
  // What needs none of the file's numbers, on a model of its own, goes on.
  const other = await ReplacementModel.load('demo');
  process.stdout.write(`${(await other.attribute([2, 300, 301], { maxFeatureNodes: 4 })).nSelected}\n`);
  await other.dispose();
  await model.dispose();
})();
