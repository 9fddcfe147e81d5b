import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cliScript } from '../support/child';

// What npm would publish, from the build that is there.

const root = path.dirname(path.dirname(path.dirname(cliScript)));
const manifest = require('../../package.json') as { main: string; types: string; bin: Record<string, string> };

/** Paths in the package. */
function packedFiles(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
  const shell = process.platform === 'win32';
  const output = execFileSync('npm', args, { cwd: root, encoding: 'utf8', shell, stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  return files.map((file) => file.path);
}

const files = packedFiles();

test('the package has what its users need, and nothing else', () => {
  const { main, types, bin } = manifest;
  const built = [main, types, ...Object.values(bin), 'dist/frontend/index.html'];
  const ofSources = ['CMakeLists.txt', 'binding.gyp', 'cmake/LibTorch.cmake', 'scripts/build.js'];
  const toRead = ['README.md', 'LICENSE', 'CHANGELOG.md', 'docs/guide/api.md'];
  expect(files).toEqual(expect.arrayContaining([...built, ...ofSources, ...toRead]));
  const wanted = /^(dist|docs|cmake|prebuilds|lib\/demo|native\/(core|binding|preload))\//;
  const others = files.filter((file) => !wanted.test(file));
  expect(others.sort()).toEqual(
    [
      'package.json',
      'CMakeLists.txt',
      'binding.gyp',
      'scripts/build.js',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
    ].sort(),
  );
  expect(files.filter((file) => /\.stamp$|\.test\.|\.tsbuildinfo$/.test(file))).toEqual([]);
});

test('source maps lead to sources that are in the package', () => {
  const maps = files.filter((file) => /^dist\/.*\.map$/.test(file));
  expect(maps.length).toBeGreaterThan(100);
  const broken = maps.filter((file) => {
    const { sources, sourcesContent = [] } = JSON.parse(readFileSync(path.join(root, file), 'utf8'));
    const isPacked = (source: string) => files.includes(path.posix.join(path.posix.dirname(file), source));
    return !(sources as string[]).every((source, i) => typeof sourcesContent[i] === 'string' || isPacked(source));
  });
  expect(broken).toEqual([]);
});
