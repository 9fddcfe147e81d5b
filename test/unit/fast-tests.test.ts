import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');
const { testMatch, testPathIgnorePatterns } = require('../../jest.fast.config') as {
  testMatch: string[];
  testPathIgnorePatterns: string[];
};

// A folder that moved would no longer be tested, and a file that moved would make `npm run test:fast` slow.

const inRoot = (file: string) => path.join(root, file.replace('<rootDir>/', ''));

test('the folders of the fast tests are there', () => {
  const folders = testMatch.map((pattern) => pattern.replace('/**/*.test.ts', ''));
  expect(folders.filter((folder) => !existsSync(inRoot(folder)))).toEqual([]);
});

test('the files that are too slow for them are there', () => {
  const files = testPathIgnorePatterns.map((pattern) => pattern.replaceAll('\\', '').replace(/\$$/, ''));
  expect(files.filter((file) => !existsSync(inRoot(file)))).toEqual([]);
});
