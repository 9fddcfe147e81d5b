import { readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');

/** README and all pages under docs/, from the root of the repository. */
export function docPages(): string[] {
  const files = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = files
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join('docs', ...name.split(path.sep)));
  return ['README.md', ...pages.sort()];
}
