/** Formats the runs of `bench.js`. */
const { fixed, percent, rounded, textTable } = require('./text-table');

const perRun = (results) =>
  results.flatMap(({ batchSize, runs }) => Object.entries(runs).map(([name, run]) => ({ batchSize, name, run })));

/**
 * A line for each batch size and algorithm. Percentages refer to the FLOPs required for the rows, divided by their
 * time.
 */
function runTable(results) {
  const rows = perRun(results);
  const optional = (title, key, cell) => (rows.some(({ run }) => run[key] !== undefined) ? [[title, cell]] : []);
  const { active, rows: featureRows } = results[0].runs.ours;
  const columns = [
    ['algorithm', ({ name }) => name],
    ['batch', ({ batchSize }) => batchSize],
    ['seconds', ({ run }) => fixed(run.seconds, 2)],
    ...optional('ours faster', 'oursFaster', ({ run }) => run.oursFaster && `${fixed(run.oursFaster, 1)} x`),
    ['GFLOP/s', ({ run }) => rounded(run.rowPhases?.gflops)],
    ['of GEMM', ({ run }) => percent(run.rowPhases?.shareOfGemm)],
    ['peak MiB', ({ run }) => run.peakMiB],
    ...optional('on device', 'peakDeviceMiB', ({ run }) => run.peakDeviceMiB),
    ...optional('worst edge', 'worstEdge', ({ run }) => run.worstEdge?.toExponential(0)),
  ];
  return `${active} active features, ${featureRows} feature rows\n\n${textTable(columns, rows)}`;
}

const phaseOrder = [
  'forward and encode',
  'prepare',
  'forward of the copies',
  'target rows',
  'rank',
  'feature rows',
  'package',
];

/** The time of one batch size by phase. */
function phaseTable({ batchSize, runs: { ours, copied } }) {
  const phases = phaseOrder.map((name) => ({ name, ours: ours.phases[name], copied: copied?.phases[name] }));
  const columns = [
    [`phase, batch ${batchSize}`, (phase) => phase.name],
    ['needed GFLOP', (phase) => fixed(phase.ours?.gflop, 1)],
    ['ours s', (phase) => fixed(phase.ours?.seconds, 3)],
    ['GFLOP/s', (phase) => rounded(phase.ours?.gflops)],
    ['of GEMM', (phase) => percent(phase.ours?.shareOfGemm)],
  ];
  const ofCopied = [
    ['copied s', (phase) => fixed(phase.copied?.seconds, 3)],
    ['of GEMM', (phase) => percent(phase.copied?.shareOfGemm)],
  ];
  return textTable(
    copied ? [...columns, ...ofCopied] : columns,
    phases.filter((phase) => phase.ours ?? phase.copied),
  );
}

/** Our memory compared with the required memory: weights, the parts of transcoders that are read, and edges. */
function memoryTable(results, base) {
  const rows = results.map(({ batchSize, runs }) => ({ batchSize, ...runs.ours })).filter((run) => run.memoryBound);
  const columns = [
    ['MiB', ({ batchSize }) => `batch ${batchSize}`],
    ...['model', 'transcoders'].map((part) => [part, (run) => fixed(run.memoryBound[part], 0)]),
    ['decoder rows', ({ memoryBound }) => fixed(memoryBound.decoderRows, 0)],
    ...['edges', 'total'].map((part) => [part, (run) => fixed(run.memoryBound[part], 0)]),
    ['peak', ({ peakMiB }) => peakMiB],
    ['/ total', ({ peakMiB, memoryBound }) => fixed(peakMiB / memoryBound.total, 2)],
    ['less base', ({ peakMiB, memoryBound }) => fixed((peakMiB - base.peakMiB) / memoryBound.total, 2)],
  ];
  const note = `The base is ${base.peakMiB} MiB, the memory of a process that has only loaded LibTorch.`;
  return rows.length > 0 ? `${textTable(columns, rows)}\n\n${note}` : note;
}

module.exports = { memoryTable, phaseTable, runTable };
