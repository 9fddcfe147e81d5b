import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codeBlocks } from '../support/code-blocks';
import { docPages } from '../support/doc-pages';
import { unreachableTypes } from '../support/public-types';
import { temporaryFolder } from '../support/temporary-folder';

// House, section 0, D2 and D3; field faults, section 4, rows "Tutorial" and b5, b10.

const root = path.join(__dirname, '..', '..');
const pages = docPages().filter((page) => codeBlocks(path.join(root, page), 'ts').length > 0);

/** What pages take for given, where they don't make it themselves. */
const given = `
declare const model: ReplacementModel;
declare const prompt: string;
declare const graph: Graph;
declare const vector: Float32Array;
declare const interventions: Intervention[];`;
const taken = ['Graph', 'Intervention', 'ReplacementModel', 'writeGraphFiles', 'estimateMemory', 'serve'];

/** The blocks of a page as one module, with the names that it leaves out. A later block may declare a name anew. */
function moduleOf(page: string): string {
  const blocks = codeBlocks(path.join(root, page), 'ts');
  const imports = blocks.flatMap((block) => block.match(/^import .*?;$/gms) ?? []);
  const imported = new Set(imports.flatMap((line) => line.match(/\w+/g) ?? []));
  const missing = taken.filter((name) => !imported.has(name));
  const code = blocks.map((block) => `{\n${block.replace(/^import .*?;$/gms, '')}`);
  const head = [`import { ${missing.join(', ')} } from 'circuit-tracer';`, ...imports, given];
  return [...head, ...code, '}'.repeat(code.length)].join('\n');
}

function typeCheck(folder: string): string {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

/** A folder of a user's own, with the package and Node's types installed. */
function userFolder(): string {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(root, path.join(folder, 'node_modules', 'circuit-tracer'), 'dir');
  symlinkSync(
    path.join(root, 'node_modules', '@types', 'node'),
    path.join(folder, 'node_modules', '@types', 'node'),
    'dir',
  );
  const compilerOptions = {
    ...{ strict: true, target: 'ES2022', lib: ['ES2023', 'ESNext.Disposable'], module: 'nodenext', noEmit: true },
    ...{ types: ['node'], skipLibCheck: true },
  };
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return folder;
}

const named = ['NdArray', 'ActivationList', 'ModelWeights', 'CallOptions', 'GraphFileView', 'FreezeOptions'];

test('every ts block of README and docs compiles under strict, against the declarations that are shipped', () => {
  const folder = userFolder();
  // Types that docstrings send readers to.
  const names = named.join(', ');
  writeFileSync(
    path.join(folder, 'names.ts'),
    `import type { ${names} } from 'circuit-tracer';\nexport type All = [${names}];\n`,
  );
  for (const page of pages) {
    writeFileSync(path.join(folder, `${page.replace(/\W/g, '-')}.ts`), moduleOf(page));
  }
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/guide/tutorial.md', 'docs/guide/api.md']));
  expect(typeCheck(folder)).toBe('');
});

test('every type that a public signature uses can be imported', () => {
  expect(unreachableTypes(path.join(root, 'dist', 'index.d.ts'))).toEqual([]);
});
