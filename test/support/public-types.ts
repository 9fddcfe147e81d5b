import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A declaration of a `.d.ts` file. */
interface Declaration {
  readonly file: string;
  readonly name: string;
  /** Without comments and strings. */
  readonly text: string;
}

/** What a `.d.ts` file declares and where its other names come from. */
interface Module {
  readonly declarations: ReadonlyMap<string, string>;
  /** Names of this file by their names in the file they come from: `A as B` is `B` here. */
  readonly imports: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
  readonly exports: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
  readonly stars: readonly string[];
}

const comments = /\/\*.*?\*\/|\/\/[^\n]*/gs;
const strings = /'[^'\n]*'|"[^"\n]*"/g;
const fromClause = /^(import|export)\s+(type\s+)?(\*|\{[^}]*\})\s+from\s+'([^']+)';/gm;
const declaration = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const|enum) (\w+)/;

/**
 * Types that the exports of a package use but that can't be imported from any of its entries, as `name (file)`.
 *
 * @param entries `dist/index.d.ts` and those of the subpaths
 */
export function unreachableTypes(entries: readonly string[]): string[] {
  const modules = new Map<string, Module>();
  const open = (file: string): Module => {
    const known = modules.get(file) ?? parse(file);
    modules.set(file, known);
    return known;
  };
  const reachable = entries.flatMap((entry) => exportsOf(entry, open));
  const key = ({ file, name }: { file: string; name: string }) => `${name} (${file})`;
  const importable = new Set([...reachable].map((place) => key(place)));
  const missing = new Set<string>();
  const seen = new Set<string>();
  const visit = (place: { file: string; name: string }) => {
    if (seen.has(key(place))) return;
    seen.add(key(place));
    const found = find(place, open);
    if (!found) return;
    if (!importable.has(key(found))) missing.add(key(found));
    const module = open(found.file);
    for (const [name] of found.text.matchAll(/\b[A-Z]\w*/g)) {
      const imported = module.imports.get(name);
      if (imported) visit(find(imported, open) ?? imported);
      else if (name !== found.name && module.declarations.has(name)) visit({ file: found.file, name });
    }
  };
  for (const place of reachable) visit(place);
  return [...missing].sort();
}

/** Names that an entry exports, with those of values and types alike. */
export function publicNames(entry: string): string[] {
  return exportsOf(entry, parse).map(({ name }) => name);
}

/** Where each export is declared. */
function exportsOf(file: string, open: (file: string) => Module): { file: string; name: string }[] {
  const { exports, stars, declarations } = open(file);
  const named = [...exports.values()].map((place) => find(place, open) ?? place);
  const own = [...declarations].flatMap(([name, text]) => (text.startsWith('export') ? [{ file, name }] : []));
  return [...named, ...own, ...stars.flatMap((star) => exportsOf(star, open))];
}

/** The declaration itself, through files that only pass it on. */
function find(place: { file: string; name: string }, open: (file: string) => Module): Declaration | undefined {
  const module = open(place.file);
  const text = module.declarations.get(place.name);
  if (text !== undefined) return { ...place, text };
  const next = module.exports.get(place.name) ?? module.imports.get(place.name);
  return next && find(next, open);
}

function parse(file: string): Module {
  const source = readFileSync(file, 'utf8').replace(comments, '');
  const imports = new Map<string, { file: string; name: string }>();
  const exports = new Map<string, { file: string; name: string }>();
  const stars: string[] = [];
  for (const [, word, , list = '', from = ''] of source.matchAll(fromClause)) {
    if (!from.startsWith('.')) continue;
    const target = resolved(join(dirname(file), from));
    if (list === '*') stars.push(target);
    for (const item of list.replace(/[{}]/g, '').split(',')) {
      const [name = '', as = name] = item
        .trim()
        .replace(/^type /, '')
        .split(' as ');
      if (name !== '') (word === 'import' ? imports : exports).set(as, { file: target, name });
    }
  }
  return { declarations: declarationsOf(source), imports, exports, stars };
}

function resolved(path: string): string {
  for (const file of [`${path}.d.ts`, join(path, 'index.d.ts')]) {
    try {
      readFileSync(file);
      return file;
    } catch {
      // The other one.
    }
  }
  throw new Error(`${path} has no declarations`);
}

/** Top-level declarations begin at the start of a line; what follows up to the next is theirs. */
function declarationsOf(source: string): Map<string, string> {
  const found = new Map<string, string>();
  let current: string | undefined;
  for (const line of source.replace(fromClause, '').split('\n')) {
    const name = declaration.exec(line)?.[1];
    if (name !== undefined) current = name;
    if (current !== undefined) {
      found.set(current, `${found.get(current) ?? ''}${line.replace(strings, "''")}\n`);
    }
  }
  return found;
}
