import { pathParts, queryParameter } from '../../../lib/server/target';

test.each([
  ['/', []],
  ['/?token=x', []],
  ['/data/salt.json', ['data', 'salt.json']],
  ['/data/salt.json?a=/../b', ['data', 'salt.json']],
  ['/features/org/set%40v1/22.json', ['features', 'org', 'set@v1', '22.json']],
  ['/features/a%20b/%C3%A9.json', ['features', 'a b', 'é.json']],
  ['/a..b/c', ['a..b', 'c']],
])('%s has the parts %j', (target, parts) => {
  expect(pathParts(target)).toEqual(parts);
});

test.each([
  '',
  'x',
  '//',
  '/a//b',
  '/a/',
  '/.',
  '/..',
  '/.a',
  '/%2e',
  '/%2E%2e/x',
  '/a%2fb',
  '/a%5cb',
  '/a\\b',
  '/a%00',
  '/%',
  '/%ff',
])('%j has none', (target) => {
  expect(pathParts(target)).toBeUndefined();
});

test('queryParameter decodes a parameter of the query', () => {
  expect(queryParameter('/?a=1&b=%2F', 'b')).toBe('/');
  expect(queryParameter('/?a=1', 'b')).toBeUndefined();
  expect(queryParameter('/a=1', 'a')).toBeUndefined();
});
