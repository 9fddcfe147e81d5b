const { readFile } = require('node:fs/promises');
const { load, longJob } = require('./common');

/**
 * Prints how many rounds the event loop made while attribution ran, each with a file read, and the largest share of the rows
 * that was computed during one of them. Rows are the clock, as a busy machine slows them down, too.
 */
(async () => {
  const model = await load();
  let rows = { done: 0, total: 0 };
  const onRows = (latest) => {
    rows = latest;
  };
  let running = true;
  const job = longJob(model, { onRows, nTokens: 120 }).finally(() => {
    running = false;
  });
  let [rounds, mostRows] = [0, 0];
  while (running) {
    const before = rows.done;
    await readFile(__filename);
    await new Promise((resolve) => setTimeout(resolve, 2));
    mostRows = Math.max(mostRows, rows.done - before);
    rounds++;
  }
  await job;
  await model.dispose();
  process.stdout.write(JSON.stringify({ rounds, largestShare: mostRows / rows.total }));
})();
