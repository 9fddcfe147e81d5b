const { ownPeakBytes } = require('../../../../scripts/own-peak');
const { Graph } = require('../../../../dist');

/** Loads each file named, and prints the codes of their errors and the peak memory in MiB. */
(async () => {
  const codes = [];
  for (const file of process.argv.slice(2))
    codes.push(
      await Graph.load(file).then(
        () => 'none',
        (error) => error.code,
      ),
    );
  process.stdout.write(JSON.stringify({ codes, peakMiB: ownPeakBytes() / 2 ** 20 }));
})();
