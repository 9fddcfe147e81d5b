const { load, longJob } = require('./common');

/** Leaves in the way the argument names, while a job is running. */
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

load({ threads: 1 }).then((model) => longJob(model, { onStart: ways[process.argv[2]] }));
