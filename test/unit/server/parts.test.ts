import { hubFolder } from '../../../lib/features/sources/hub-features';
import { encodingFor } from '../../../lib/server/encoding';
import { rangeOf } from '../../../lib/server/range';
import { encodedTag, revisionOf, sameContents } from '../../../lib/server/revision';
import { WorkQueue } from '../../../lib/server/steering/work-queue';
import { Turns } from '../../../lib/server/turns';

test.each([
  [undefined, 'whole'],
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=9-', { start: 9, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=0-1, 3-4', 'whole'],
  ['items=0-1', 'whole'],
  ['bytes=0-1,x', 'unsatisfiable'],
])('of ten bytes, %s is %j', (header, range) => {
  expect(rangeOf(header, 10)).toEqual(range);
});

test('an empty file has no satisfiable range', () => {
  expect(rangeOf('bytes=0-', 0)).toBe('unsatisfiable');
  expect(rangeOf('bytes=-1', 0)).toBe('unsatisfiable');
});

test.each([
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip;q=1.0, br;q=0', 'gzip'],
  ['GZIP', 'gzip'],
  ['*', 'br'],
  ['br;q=x', undefined],
  [undefined, undefined],
])('for a client that accepts %s: %s', (accepted, encoding) => {
  expect(encodingFor(accepted, 'application/json; charset=utf-8', 5000)).toBe(encoding);
});

test('small and compressed responses stay unchanged', () => {
  expect(encodingFor('br', 'application/json', 100)).toBeUndefined();
  expect(encodingFor('br', 'application/gzip', 5000)).toBeUndefined();
  expect(encodingFor('br', 'image/png', 5000)).toBeUndefined();
});

test('a revision is of contents, in any encoding', () => {
  const revision = revisionOf(Buffer.from('a'));
  expect(revision).toBe(revisionOf(Buffer.from('a')));
  expect(revision).not.toBe(revisionOf(Buffer.from('b')));
  expect(sameContents(encodedTag(revision, 'br'), `W/${encodedTag(revision, 'gzip')}`)).toBe(true);
  expect(sameContents(revision, '"x"')).toBe(false);
});

test.each([
  ['org/name', 'org/name/resolve/main/features'],
  ['org/name@v1/x', 'org/name/resolve/v1%2Fx/features'],
  ['org/name//a/b@main', 'org/name/resolve/main/a/b/features'],
  ['org/name//../b', undefined],
  ['../name', undefined],
  ['org/name?x', undefined],
  ['org', undefined],
  ['https://evil.example/x', undefined],
])('on the hub, %s is %s', (scan, folder) => {
  expect(hubFolder(scan)).toBe(folder);
});

test('turns are taken in order, by name, past failures', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const task = (name: string, milliseconds: number) => async () => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    done.push(name);
    if (name === 'a1') throw new Error(name);
  };
  const all = [turns.run('a', task('a1', 30)), turns.run('a', task('a2', 0)), turns.run('b', task('b', 5))];
  const results = await Promise.allSettled(all);
  expect(done).toEqual(['b', 'a1', 'a2']);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
});

test('who gives up waiting in a queue makes room and is not worked for', async () => {
  const queue = new WorkQueue(2);
  const open = new AbortController().signal;
  let finish = () => {};
  const first = queue.run(() => new Promise<void>((resolve) => (finish = resolve)), open);
  const gone = new AbortController();
  let ran = false;
  const second = queue.run(async () => (ran = true), gone.signal);
  await expect(queue.run(async () => 3, open)).rejects.toMatchObject({ status: 503, code: 'ERR_BUSY' });
  gone.abort();
  const third = queue.run(async () => 3, open);
  finish();
  await first;
  await expect(second).rejects.toMatchObject({ code: 'ABORT_ERR' });
  expect(await third).toBe(3);
  expect(ran).toBe(false);
  expect(await queue.run(async () => 4, open)).toBe(4);
});
