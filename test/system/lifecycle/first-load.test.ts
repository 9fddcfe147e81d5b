import { expectCleanExit, runLifecycleScript } from '../../support/child';

// Field faults, section 4: "the first load blocks 356 ms (LibTorch is opened on the main thread)"; table b, row b3.

test('the event loop runs on while LibTorch is opened', async () => {
  const result = await runLifecycleScript('open-on-thread');
  expectCleanExit(result);
  const { turns, libtorch } = JSON.parse(result.stdout);
  // Opened on the main thread, it leaves no turn; on a thread of its own, thousands.
  expect(turns).toBeGreaterThan(50);
  expect(libtorch).toMatch(/^\d+\.\d+/);
});

test.each(['1', '30', '120', '300'])('a worker thread that is terminated %s ms into the first load', async (wait) => {
  const result = await runLifecycleScript('open-in-worker', [wait]);
  expectCleanExit(result);
  expect(result.stdout).toBe('4\n');
});
