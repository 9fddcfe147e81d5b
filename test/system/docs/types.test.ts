import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../../../package.json';
import { codeBlocks } from '../../support/code-blocks';
import { docPages } from '../../support/doc-pages';
import { publicNames, unreachableTypes } from '../../support/public-types';
import { temporaryFolder } from '../../support/temporary-folder';

// House, section 0, D2 and D3; field faults, section 4, rows "Tutorial" and b5, b10.

const root = path.join(__dirname, '..', '..', '..');
const pages = docPages().filter((page) => codeBlocks(path.join(root, page), 'ts').length > 0);

/** What pages take for given, where they don't make it themselves. */
const given = `
declare const model: ReplacementModel;
declare const prompt: string;
declare const graph: Graph;
declare const vector: Float32Array;
declare const interventions: Intervention[];`;
const taken = {
  Graph: 'circuit-tracer',
  Intervention: 'circuit-tracer',
  ReplacementModel: 'circuit-tracer',
  writeGraphFiles: 'circuit-tracer',
  estimateMemory: 'circuit-tracer/memory',
  serve: 'circuit-tracer/server',
};

/** The blocks of a page as one module, with the names that it leaves out. A later block may declare a name anew. */
function moduleOf(page: string): string {
  const blocks = codeBlocks(path.join(root, page), 'ts');
  const imports = blocks.flatMap((block) => block.match(/^import .*?;$/gms) ?? []);
  const imported = new Set(imports.flatMap((line) => line.match(/\w+/g) ?? []));
  const missing = Object.entries(taken).filter(([name]) => !imported.has(name));
  const code = blocks.map((block) => `{\n${block.replace(/^import .*?;$/gms, '')}`);
  const head = [...missing.map(([name, from]) => `import { ${name} } from '${from}';`), ...imports, given];
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
    strict: true,
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'nodenext',
    noEmit: true,
    types: ['node'],
    skipLibCheck: true,
  };
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return folder;
}

const named = {
  'circuit-tracer': ['NdArray', 'CallOptions'],
  'circuit-tracer/transcoders': ['TensorSource'],
  'circuit-tracer/types': ['ModelWeights', 'GraphFileView', 'FreezeOptions'],
};

test('every ts block of README and docs compiles under strict, against the declarations that are shipped', () => {
  const folder = userFolder();
  // Types that docstrings send readers to.
  const imports = Object.entries(named).map(([from, names]) => `import type { ${names.join(', ')} } from '${from}';`);
  const all = `export type All = [${Object.values(named).flat().join(', ')}];`;
  writeFileSync(path.join(folder, 'names.ts'), [...imports, all, ''].join('\n'));
  for (const page of pages) {
    writeFileSync(path.join(folder, `${page.replace(/\W/g, '-')}.ts`), moduleOf(page));
  }
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/guide/tutorial.md', 'docs/guide/api.md']));
  expect(typeCheck(folder)).toBe('');
});

/** The package's entries by subpath: `./server`. */
const entries = Object.entries(packageJson.exports).flatMap(([name, entry]) =>
  typeof entry === 'string'
    ? []
    : [{ name, types: path.join(root, entry.types), file: path.join(root, entry.default) }],
);

test('every type that a public signature uses can be imported', () => {
  expect(unreachableTypes(entries.map(({ types }) => types))).toEqual([]);
});

// House, section 4: 142 public names, all in one list.
test('the root has half as many names as before, and no name is in two entries but for types of results', () => {
  const [main, ...others] = entries.map(({ name, types }) => ({ name, names: publicNames(types) }));
  expect(main?.name).toBe('.');
  expect(main?.names.length).toBeLessThanOrEqual(142 / 2);
  const twice = others.flatMap(({ names }) => names.filter((name) => main?.names.includes(name)));
  expect(twice.sort()).toEqual(['FeatureExamples', 'FeatureLabels', 'TokenProbability', 'TranscoderSpec']);
});

test.each(entries)('$name can be imported by ES modules, by every name', ({ name, file }) => {
  const specifier = name.replace('.', 'circuit-tracer');
  const folder = userFolder();
  const values = Object.keys(require(file)).filter((key) => key !== '__esModule');
  const list = values.length > 0 ? `import { ${values.join(', ')} } from '${specifier}';` : `import '${specifier}';`;
  writeFileSync(path.join(folder, 'use.mjs'), list);
  const { status, stderr } = spawnSync(process.execPath, [path.join(folder, 'use.mjs')], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});

// What a compiler that doesn't know `exports` resolves subpaths by.
test('typesVersions names the declarations that exports name', () => {
  const older = Object.entries(packageJson.typesVersions['*']).map(([name, [file]]) => [`./${name}`, `./${file}`]);
  const subpaths = Object.entries(packageJson.exports).flatMap(([name, entry]) =>
    typeof entry === 'string' || name === '.' ? [] : [[name, entry.types]],
  );
  expect(older).toEqual(subpaths);
});
