import { expectCleanExit, runLifecycleScript } from '../../support/child';
import { endsBeforeHalfTheJob } from '../../support/half-job';
import { testIf } from '../../support/needs';

// A process that computes ends as any other: at once, with the code it chose, without an abort or a word.

test.each(['exit', 'exit-later', 'exit-code'])('%s while a job runs', async (way) => {
  expectCleanExit(await endsBeforeHalfTheJob(runLifecycleScript('exit-mid-job', [way])));
});

test('an exception while a job runs ends the process as Node does', async () => {
  const { code, signal, stderr } = await runLifecycleScript('exit-mid-job', ['throw']);
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  expect(stderr).toMatch(/thrown on purpose/);
});

test.each(['0', '1', '5', '20', '60', '150'])('exit %s ms into loading', async (milliseconds) => {
  expectCleanExit(await runLifecycleScript('exit-during-load', [milliseconds]));
});

test('a model that was never disposed does not keep the process alive', async () => {
  const result = await runLifecycleScript('no-dispose');
  expectCleanExit(result);
  expect(result.stdout).toMatch(/^\d+ nodes\n$/);
});

test('a worker thread terminated while a job runs takes nothing else down', async () => {
  const result = await runLifecycleScript('worker-terminate');
  expectCleanExit(result);
  expect(result.stdout).toMatch(/^\d+ nodes\n$/);
});

test('a worker thread and the main thread compute the same at the same time', async () => {
  const result = await runLifecycleScript('worker-result');
  expectCleanExit(result);
  expect(result.stdout).toBe('true\n');
});

test('garbage collection neither stops running jobs nor frees results in use', async () => {
  const result = await runLifecycleScript('garbage-collection', [], { nodeArguments: ['--expose-gc'] });
  expectCleanExit(result);
  expect(result.stdout).toBe('200 selected\nfinite: true\n');
});

test('the event loop runs on while rows are computed', async () => {
  const result = await runLifecycleScript('event-loop');
  expectCleanExit(result);
  const { rounds, largestShare } = JSON.parse(result.stdout);
  expect(rounds).toBeGreaterThan(20);
  // All rows would be computed during one round, if turns or reads waited for the job.
  expect(largestShare).toBeLessThan(0.25);
});

test('loading, running and disposing again and again needs no more memory', async () => {
  const result = await runLifecycleScript('leak', ['60'], { nodeArguments: ['--expose-gc'] });
  expectCleanExit(result);
  const { warm, end } = JSON.parse(result.stdout);
  // Allocators settle within some ten megabytes; 60 rounds that each kept one model's 1.9 MB would show as 115.
  expect(end - warm).toBeLessThan(40);
});

// Address space can be limited, and the limit lifted, only with this tool of Linux.
testIf('prlimit')('running out of memory says what to do, and the next request is answered', async () => {
  // glibc sets address space aside for each thread, which the limit would not hold back.
  const result = await runLifecycleScript('out-of-memory', ['30'], { env: { MALLOC_ARENA_MAX: '1' } });
  expectCleanExit(result);
  const { code, message, nodes } = JSON.parse(result.stdout);
  expect(code).toBe('ERR_OUT_OF_MEMORY');
  expect(message).toMatch(/batchSize 1024/);
  expect(nodes).toBeGreaterThan(0);
});
