const { readFile } = require('node:fs/promises');
const { load, longJob } = require('./common');

/** Prints the longest that a file read, and a turn of the event loop, took while attribution ran. */
(async () => {
  const model = await load();
  let running = true;
  const job = longJob(model, undefined, { maxFeatureNodes: 1500 }).finally(() => {
    running = false;
  });
  const longest = { read: 0, turn: 0, reads: 0 };
  while (running) {
    const start = performance.now();
    await new Promise(setImmediate);
    longest.turn = Math.max(longest.turn, performance.now() - start);
    const before = performance.now();
    await readFile(__filename);
    longest.read = Math.max(longest.read, performance.now() - before);
    longest.reads++;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await job;
  await model.dispose();
  process.stdout.write(JSON.stringify(longest));
})();
