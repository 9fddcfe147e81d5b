import { type ChildResult, runLifecycleScript } from './child';

/**
 * Of a process that is told to leave its job as soon as it runs: must end before another one has done half of such a job. Both
 * start now, and what slows one down slows the other.
 */
export async function endsBeforeHalfTheJob(child: Promise<ChildResult>): Promise<ChildResult> {
  const stop = new AbortController();
  const half = runLifecycleScript('half-job', [], { signal: stop.signal }).catch(() => undefined);
  const first = await Promise.race([child.then(() => 'the process'), half.then(() => 'half the job')]);
  stop.abort();
  await half;
  expect(first).toBe('the process');
  return child;
}
