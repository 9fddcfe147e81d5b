const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { load, longJob, shortJob } = require('./common');

/** Bytes of address space in use. */
const addressSpace = () => Number(/VmSize:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
const limit = (bytes) => execFileSync('prlimit', [`--pid=${process.pid}`, `--as=${bytes}:`]);

/** Prints how attribution fails when memory runs out, then runs a request that fits. */
(async () => {
  const model = await load({ threads: 1 });
  await shortJob(model);
  limit(addressSpace() + Number(process.argv[2]) * 2 ** 20);
  const error = await longJob(model, { batchSize: 4096 }).catch((reason) => reason);
  limit('unlimited');
  const graph = await shortJob(model);
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message, nodes: graph.nNodes }));
})();
