import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const { hashes } = require('../../scripts/test-slow') as { hashes: () => Record<string, string> };
const root = path.join(__dirname, '..', '..');
const slow = path.join(root, 'test', 'slow');
const inputs = require('../slow/inputs.json') as Record<string, string[]>;

// A slow test that is not listed, or an input that moved, would never be seen to have changed.

test('every slow test is listed, with inputs that are there', () => {
  const tests = readdirSync(slow).filter((name) => name.endsWith('.test.ts'));
  expect(Object.keys(inputs).sort()).toEqual(tests.map((name) => path.basename(name, '.test.ts')).sort());
  for (const [name, paths] of Object.entries(inputs)) {
    expect(paths).toContain(`test/slow/${name}.test.ts`);
    expect(paths.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  }
});

test('each has a hash of its own, the same every time', () => {
  expect(hashes()).toEqual(hashes());
  expect(new Set(Object.values(hashes())).size).toBe(Object.keys(inputs).length);
});
