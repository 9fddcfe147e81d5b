const { load, longJob, shortJob } = require('./common');

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Nothing but the job itself keeps its model alive. */
async function jobOutlivesItsHandle() {
  const job = load().then((model) => longJob(model, { maxFeatureNodes: 200 }));
  let running = true;
  const graph = job.finally(() => {
    running = false;
  });
  while (running) {
    global.gc();
    await pause(5);
  }
  return (await graph).nSelected;
}

/** Models and graphs dropped without dispose are freed in time. */
async function droppedModelsAreFreed() {
  let edges;
  for (let round = 0; round < 30; round++) {
    edges = (await shortJob(await load())).edges;
    global.gc();
    await pause(5);
  }
  for (let i = 0; i < 10; i++) {
    global.gc();
    await pause(10);
  }
  return edges.every(Number.isFinite);
}

(async () => {
  process.stdout.write(`${await jobOutlivesItsHandle()} selected\n`);
  process.stdout.write(`finite: ${await droppedModelsAreFreed()}\n`);
})();
