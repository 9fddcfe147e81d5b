import { compileOniguruma } from './oniguruma';
import { object, refuse, text } from './refuse';

/** A range of text, and whether the pattern matched it. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly matched: boolean;
}

export const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
export type Behavior = (typeof behaviors)[number];

export interface Pattern {
  readonly regex: RegExp;
  /** The pattern as written in the file; undefined for plain text, which is always fast. */
  readonly source: string | undefined;
}

/** Read a pattern of tokenizer.json: `{ String }` or `{ Regex }`. Plain text matches itself. */
export function readPattern(given: unknown, name: string): Pattern {
  if (typeof given === 'string') return { regex: literal(given), source: undefined };
  const pattern = object(given, name);
  if (pattern.String !== undefined)
    return { regex: literal(text(pattern.String, `${name}.String`)), source: undefined };
  if (pattern.Regex === undefined) throw refuse(`${name} must have String or Regex; found ${Object.keys(pattern)}.`);
  const source = text(pattern.Regex, `${name}.Regex`);
  return { regex: compileOniguruma(source), source };
}

export const literal = (plain: string): RegExp =>
  new RegExp([...plain].map((character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`).join(''), 'gv');

/**
 * Split text into the matches of a pattern and the ranges between them. An empty match directly after a match is
 * ignored.
 */
export function stretches(plain: string, pattern: RegExp): Stretch[] {
  const out: Stretch[] = [];
  let previous = 0;
  for (const match of plain.matchAll(pattern)) {
    const begin = match.index;
    const end = begin + match[0].length;
    if (begin === end && begin === previous && out.at(-1)?.matched) continue;
    if (previous !== begin) out.push({ begin: previous, end: begin, matched: false });
    out.push({ begin, end, matched: true });
    previous = end;
  }
  if (previous !== plain.length) out.push({ begin: previous, end: plain.length, matched: false });
  return out;
}

/** The begin and end of each non-empty piece after splitting text at a pattern. */
export function split(plain: string, pattern: RegExp, behavior: Behavior, invert = false): [number, number][] {
  const all = stretches(plain, pattern);
  const parts = invert ? all.map((stretch) => ({ ...stretch, matched: !stretch.matched })) : all;
  return merged(parts, behavior).filter(([begin, end]) => begin < end);
}

function merged(parts: readonly Stretch[], behavior: Behavior): [number, number][] {
  if (behavior === 'Removed') return parts.filter(({ matched }) => !matched).map(({ begin, end }) => [begin, end]);
  if (behavior === 'Isolated') return parts.map(({ begin, end }) => [begin, end]);
  if (behavior === 'MergedWithNext') return mergedWithNext(parts);
  const out: [number, number][] = [];
  let before = false;
  for (const { begin, end, matched } of parts) {
    const last = out.at(-1);
    const joins = behavior === 'Contiguous' ? matched === before : matched && !before;
    if (joins && last) last[1] = end;
    else out.push([begin, end]);
    before = matched;
  }
  return out;
}

function mergedWithNext(parts: readonly Stretch[]): [number, number][] {
  const out: [number, number][] = [];
  let before = false;
  for (const { begin, end, matched } of [...parts].reverse()) {
    const last = out.at(-1);
    if (matched && !before && last) last[0] = begin;
    else out.push([begin, end]);
    before = matched;
  }
  return out.reverse();
}

/** Replace every match. `content` is literal text. */
export const replaceAll = (plain: string, pattern: RegExp, content: string): string =>
  plain.replace(pattern, () => content);
