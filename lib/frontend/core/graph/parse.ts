import { isObject, type Json, record } from '../../../graph-file/json-values';
import { parsePythonJson } from '../../../graph-file/python-json';
import { readLinks } from '../../../graph-file/read';
import { influences } from '../measure/own-influence';
import { buildLinks, type Graph, type RawLink } from './graph';
import { parseNodes } from './parse-nodes';

export interface GraphFile {
  readonly graph: Graph;
  readonly metadata: Json;
  /** The saved view in the file. */
  readonly qParams: Json;
  /** Problems in the file and how they were handled, in sentences for the reader of the page. */
  readonly warnings: readonly string[];
}

/** A file that cannot be shown. The message says what was expected and what was found. */
export class GraphFileError extends Error {}

/** @throws GraphFileError */
export function parseGraphText(source: string): GraphFile {
  let parsed: ReturnType<typeof parsePythonJson>;
  try {
    parsed = parsePythonJson(source);
  } catch (error) {
    throw new GraphFileError(`A graph file must be JSON. ${(error as Error).message}.`);
  }
  const file = parseGraph(parsed.value);
  const note = 'Numbers written as NaN or Infinity are read as missing.';
  return parsed.repaired ? { ...file, warnings: [note, ...file.warnings] } : file;
}

/** @throws GraphFileError */
export function parseGraph(value: unknown): GraphFile {
  requireParts(value);
  const metadata = record(value.metadata);
  const warnings: string[] = [];
  if (!isObject(value.metadata)) warnings.push('The file has no metadata: prompt and settings are unknown.');
  const nodes = parseNodes(value, warnings);
  const links = parseLinks(value, nodes.indexOf, warnings);
  const { indexOf: _, ...columns } = nodes;
  const linked = { ...columns, ...buildLinks(nodes.kinds, links) };
  const graph: Graph = { ...linked, ...influences(linked, value) };
  return { graph, metadata, qParams: record(value.qParams), warnings };
}

function requireParts(value: unknown): asserts value is Json {
  if (!isObject(value)) throw new GraphFileError(`A graph file must be an object; found ${describe(value)}.`);
  for (const part of ['nodes', 'links']) {
    if (Array.isArray(value[part])) continue;
    throw new GraphFileError(`A graph file must have a list "${part}"; found ${describe(value[part])}.`);
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

type IndexOf = (id: string, end: 'source' | 'target') => number | undefined;

function parseLinks(file: Json, indexOf: IndexOf, warnings: string[]): RawLink[] {
  const links: RawLink[] = [];
  let dangling = 0;
  let broken = 0;
  for (const { source: from, target: to, weight } of readLinks(file)) {
    const source = indexOf(from, 'source');
    const target = indexOf(to, 'target');
    if (Number.isNaN(weight)) broken++;
    else if (source === undefined || target === undefined) dangling++;
    else links.push({ source, target, weight });
  }
  if (dangling > 0) warnings.push(`${count(dangling, 'edge')} omitted: the source or target node does not exist.`);
  if (broken > 0) warnings.push(`${count(broken, 'edge')} omitted: the weight is not a finite number.`);
  if (links.length === 0) warnings.push('The graph has no edges.');
  return links;
}

export function count(amount: number, noun: string): string {
  return `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`;
}
