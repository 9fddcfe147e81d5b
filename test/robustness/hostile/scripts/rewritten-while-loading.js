const fs = require('node:fs');
const path = require('node:path');
const { Worker, isMainThread, workerData } = require('node:worker_threads');

/** Loads the demo model again and again while another thread writes its file anew in place; prints what came of it. */
const [folder, rounds] = process.argv.slice(2);

if (!isMainThread) {
  // As cp does: cut to nothing, then written piece by piece.
  const { file, stop } = workerData;
  const bytes = fs.readFileSync(file);
  while (Atomics.load(stop, 0) === 0) {
    const handle = fs.openSync(file, 'w');
    for (let at = 0; at < bytes.length; at += 65536)
      fs.writeSync(handle, bytes, at, Math.min(65536, bytes.length - at));
    fs.closeSync(handle);
    Atomics.wait(stop, 0, 0, 20);
  }
} else {
  const { ReplacementModel } = require('../../../../dist');
  const demo = path.join(__dirname, '..', '..', '..', '..', 'lib', 'demo');
  const model = path.join(folder, 'model');
  fs.cpSync(path.join(demo, 'model'), model, { recursive: true });
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const file = path.join(model, 'model.safetensors');
  const writer = new Worker(__filename, { argv: [folder, rounds], workerData: { file, stop } });
  (async () => {
    for (let i = 0; i < Number(rounds); i++) {
      const outcome = await ReplacementModel.load(model, path.join(demo, 'transcoders'), {
        lazyDecoder: i % 2 === 0,
      }).then(
        async (loaded) => {
          await loaded.dispose();
          return 'loaded';
        },
        (error) => error.code ?? String(error),
      );
      process.stdout.write(`${outcome}\n`);
    }
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    await new Promise((resolve) => writer.once('exit', resolve));
  })();
}
