const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { load, shortJob } = require('./common');

/** Runs the same request here and in a worker, at the same time, and compares. */
async function main() {
  const worker = new Worker(__filename);
  const theirs = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const ours = await load().then(shortJob);
  const edges = await theirs;
  process.stdout.write(
    `${edges.length === ours.edges.length && edges.every((weight, i) => weight === ours.edges[i])}\n`,
  );
}

if (isMainThread) main();
else
  load()
    .then(shortJob)
    .then((graph) => parentPort.postMessage(graph.edges));
