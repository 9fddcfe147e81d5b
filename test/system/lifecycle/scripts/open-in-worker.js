const path = require('node:path');
const { Worker, isMainThread } = require('node:worker_threads');
const { ReplacementModel } = require('../../../../dist');

/**
 * A worker thread is terminated so many milliseconds into its first load, which opens LibTorch; then the main thread loads
 * the same model and prints how many layers it has.
 */
if (isMainThread) {
  const worker = new Worker(path.join(__dirname, 'open-in-worker.js'));
  worker.once('online', () => setTimeout(() => worker.terminate(), Number(process.argv[2])));
  worker.once('exit', async () => {
    const model = await ReplacementModel.load('demo');
    process.stdout.write(`${model.spec.nLayers}\n`);
    await model.dispose();
  });
} else {
  ReplacementModel.load('demo');
}
