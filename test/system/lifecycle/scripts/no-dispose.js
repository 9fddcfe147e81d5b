const { load, shortJob } = require('./common');

load()
  .then(shortJob)
  .then((graph) => process.stdout.write(`${graph.nNodes} nodes\n`));
