import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const lib = path.join(__dirname, '../../../lib');

interface Import {
  readonly file: string;
  readonly from: string;
  readonly isOfTypes: boolean;
}

function importsOf(folder: string): Import[] {
  const files = readdirSync(path.join(lib, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(path.join(lib, folder, file), 'utf8');
      const found = text.matchAll(
        /^(?:import|export) (type )?[^;']*from '([^']+)';|\b(?:require|import)\('([^']+)'\)/gm,
      );
      return [...found].map(([, types, from = '', dynamic]) => ({
        file: path.join(folder, file),
        from: placeOf(folder, file, dynamic ?? from),
        isOfTypes: types !== undefined,
      }));
    });
}

/** Relative to lib/; a package by its name. */
function placeOf(folder: string, file: string, from: string): string {
  return from.startsWith('.') ? path.join(folder, path.dirname(file), from) : from;
}

/** What needs nothing of Node. */
const neutral = ['errors', 'is-object', 'json', 'validate'];

test('graph-file imports neither Node modules nor files, because the page uses it', () => {
  const found = importsOf('graph-file').filter(
    ({ from }) => !from.startsWith('graph-file/') && !neutral.includes(from) && from !== 'fflate',
  );
  expect(found).toEqual([]);
  for (const file of neutral)
    expect(readFileSync(path.join(lib, `${file}.ts`), 'utf8')).not.toMatch(/from 'node:|\b(?:Buffer|process)\./);
});

test('the page has of the rest of lib only graph-file, and the types of the server’s API', () => {
  const outside = importsOf('frontend').filter(({ from }) => /^[a-z-]+\//.test(from) && !from.startsWith('frontend/'));
  const own = outside.filter(({ from }) => !from.startsWith('preact/'));
  expect(own.length).toBeGreaterThan(20);
  const odd = own.filter(
    ({ from, isOfTypes }) => !from.startsWith('graph-file/') && !(from === 'server/api' && isOfTypes),
  );
  expect(odd).toEqual([]);
});
