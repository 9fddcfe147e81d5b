const { load, longJob } = require('./common');

/** Leaves when half of a long job is done. */
const onRows = ({ done, total }) => done > total / 2 && process.exit(0);
load({ threads: 1 }).then((model) => longJob(model, { onRows }));
