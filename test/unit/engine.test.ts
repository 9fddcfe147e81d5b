import { pino } from 'pino';
import type { NativeJob } from '../../lib/engine/binding';
import { fromNative, nativeProgress, runJob } from '../../lib/engine/jobs';
import { setLogger } from '../../lib/log';

interface FakeJob extends NativeJob<string> {
  readonly cancelled: () => number;
  readonly resolve: (value: string) => void;
  readonly reject: (reason: unknown) => void;
}

/** A job that rejects when cancelled, as native ones do: a plain object with code and message. */
function fakeJob(): FakeJob {
  let resolve: FakeJob['resolve'] = () => {};
  let reject: FakeJob['reject'] = () => {};
  let cancelled = 0;
  const promise = new Promise<string>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const cancel = () => {
    cancelled++;
    reject({ code: 'ABORT_ERR', message: 'cancelled' });
  };
  return { promise, cancel, resolve, reject, cancelled: () => cancelled };
}

describe('runJob', () => {
  test('passes the result on and lets go of the signal', async () => {
    const job = fakeJob();
    const controller = new AbortController();
    const result = runJob(job, controller.signal);
    job.resolve('done');
    expect(await result).toBe('done');
    controller.abort();
    expect(job.cancelled()).toBe(0);
  });

  test('cancels when the signal fires, with its reason', async () => {
    const job = fakeJob();
    const controller = new AbortController();
    const result = runJob(job, controller.signal);
    controller.abort(new Error('too slow'));
    await expect(result).rejects.toMatchObject({
      code: 'ABORT_ERR',
      name: 'AbortError',
      cause: { message: 'too slow' },
    });
  });

  test('cancels at once when the signal had fired before', async () => {
    const job = fakeJob();
    await expect(runJob(job, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(job.cancelled()).toBe(1);
  });

  test('gives native errors our class and a JavaScript stack', async () => {
    const job = fakeJob();
    const result = runJob(job);
    job.reject({ code: 'ERR_NUMERIC', message: 'logits are not finite' });
    await expect(result).rejects.toMatchObject({ name: 'CircuitTracerError', code: 'ERR_NUMERIC' });
    await expect(result).rejects.toMatchObject({ stack: expect.stringContaining('engine') });
  });
});

test('an unknown native error is ERR_NATIVE', () => {
  expect(fromNative({ code: 'EWHAT', message: 'odd' })).toMatchObject({ code: 'ERR_NATIVE', message: 'odd' });
  expect(fromNative('odd')).toMatchObject({ code: 'ERR_NATIVE', message: 'odd' });
});

test('a progress listener that throws is logged and ignored', () => {
  const lines: string[] = [];
  setLogger(pino({ level: 'warn' }, { write: (line) => lines.push(line) }));
  const listener = jest.fn(() => {
    throw new Error('oops');
  });
  nativeProgress(listener)?.('attribute', 1, 2);
  setLogger(pino({ level: 'silent' }));
  expect(listener).toHaveBeenCalledWith({ phase: 'attribute', done: 1, total: 2 });
  expect(lines.join()).toMatch(/oops/);
  expect(nativeProgress(undefined)).toBeUndefined();
});
