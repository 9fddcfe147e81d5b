import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/temporary-folder';

const root = path.join(__dirname, '..', '..');

/** What the check of imports says of these files of lib/; an empty text when it passes. */
function problemsOf(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, 'lib', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  try {
    execFileSync(process.execPath, [path.join(root, 'scripts', 'import-floors.js'), folder], { stdio: 'pipe' });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
    return `${stdout}${stderr}`;
  }
}

const exportOne = 'export const one = 1;\n';
const importing = (specifier: string) => `import { one } from '${specifier}';\nexport const two = one + 1;\n`;

test('lib/ imports downwards and without cycles', () => {
  execFileSync(process.execPath, [path.join(root, 'scripts', 'import-floors.js')], { stdio: 'pipe' });
});

test('an import from a lower floor passes', () => {
  expect(problemsOf({ 'io/one.ts': exportOne, 'graph/two.ts': importing('../io/one') })).toBe('');
});

test('the page may import graph files, the types of the server’s API and its own graph', () => {
  expect(
    problemsOf({
      'graph-file/one.ts': exportOne,
      'server/api.ts': exportOne,
      'frontend/core/graph/one.ts': exportOne,
      'frontend/core/view/two.ts': importing('../../../graph-file/one'),
      'frontend/core/view/three.ts': importing('../../../server/api'),
      'frontend/core/view/four.ts': importing('../graph/one'),
    }),
  ).toBe('');
});

test.each([
  ['from a higher floor', { 'graph/one.ts': exportOne, 'io/two.ts': importing('../graph/one') }],
  ['from the same floor', { 'graph/one.ts': exportOne, 'transcoder/two.ts': importing('../graph/one') }],
  [
    'of the facade by attribution',
    { 'replacement-model/one.ts': exportOne, 'attribution/two.ts': importing('../replacement-model/one') },
  ],
  ['of a folder by a file at the top', { 'io/one.ts': exportOne, 'errors.ts': importing('./io/one') }],
  [
    'of the page’s state by its core',
    { 'frontend/state/one.ts': exportOne, 'frontend/core/graph/two.ts': importing('../../state/one') },
  ],
  ['of the engine by the page', { 'engine/one.ts': exportOne, 'frontend/data/two.ts': importing('../../engine/one') }],
  [
    'of lib/graph by the page',
    { 'graph/one.ts': exportOne, 'frontend/core/view/two.ts': importing('../../../graph/one') },
  ],
  [
    'of the server beside its API by the page',
    { 'server/one.ts': exportOne, 'frontend/data/two.ts': importing('../../server/one') },
  ],
  [
    'of the engine by the entry of the page',
    { 'engine/one.ts': exportOne, 'frontend/main.ts': importing('../engine/one') },
  ],
  [
    'of the addon outside the engine',
    { 'libtorch/load-addon.ts': exportOne, 'graph/two.ts': importing('../libtorch/load-addon') },
  ],
])('an import %s fails', (_, files) => {
  expect(problemsOf(files)).toContain('noRestrictedImports');
});

test('a cycle of types fails', () => {
  const files = {
    'io/one.ts': "import type { Two } from './two';\nexport interface One { two: Two }\n",
    'io/two.ts': "import type { One } from './one';\nexport interface Two { one?: One }\n",
  };
  expect(problemsOf(files)).toContain('noImportCycles');
});
