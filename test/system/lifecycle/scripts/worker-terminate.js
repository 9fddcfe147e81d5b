const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { load, longJob, shortJob } = require('./common');

async function main() {
  for (let round = 0; round < 3; round++) {
    const worker = new Worker(__filename);
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
  }
  const model = await load();
  const graph = await shortJob(model);
  await model.dispose();
  process.stdout.write(`${graph.nNodes} nodes\n`);
}

if (isMainThread) main();
else load().then((model) => longJob(model, { onStart: () => parentPort.postMessage('running') }));
