const { writeSync } = require('node:fs');
const { load, longJob } = require('./common');

/** Says so and leaves, in the way the argument names, while a job is running. */
const ways = {
  exit: () => process.exit(0),
  'exit-later': () => setTimeout(() => process.exit(0), 50),
  'exit-code': () => {
    process.exitCode = 0;
    process.exit();
  },
  throw: () =>
    setImmediate(() => {
      throw new Error('thrown on purpose');
    }),
};

const onStart = () => {
  writeSync(1, 'leaving\n');
  ways[process.argv[2]]();
};
// One thread makes the job long beside the loading.
load({ threads: 1 }).then((model) => longJob(model, { onStart }));
