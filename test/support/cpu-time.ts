/**
 * Milliseconds that the processor spends on some work, the least of several runs. Unlike the time on the clock it doesn't depend
 * on what else the machine does.
 */
export function cpuTime(work: () => void): number {
  const runs = Array.from({ length: 8 }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...runs);
}
