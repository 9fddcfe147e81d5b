const { load, shortJob } = require('./common');

/** Prints resident megabytes after a warm-up and at the end of many loads, runs and disposals. */
const rounds = Number(process.argv[2]);
const resident = () => {
  global.gc();
  return process.memoryUsage().rss / 2 ** 20;
};

async function round() {
  const model = await load({ lazyDecoder: false });
  const graph = await shortJob(model);
  await graph.prune();
  await model.forward([500, 1, 2]);
  await model.attribute('', {}).catch(() => {});
  await model.dispose();
  global.gc();
  await new Promise(setImmediate);
}

(async () => {
  for (let i = 0; i < rounds / 2; i++) await round();
  const warm = resident();
  for (let i = 0; i < rounds; i++) await round();
  process.stdout.write(JSON.stringify({ warm, end: resident() }));
})();
