import { parseJson } from '../json';
import { isObject, list, text, type Unchecked } from './json-values';
import type { QParams } from './schema';

/** The view of a graph that nobody has edited. */
export const blankView: QParams = { pinnedIds: [], supernodes: [], linkType: 'both', clickedId: '', sg_pos: '' };

/** The prefix in the fragment of a URL before a whole view: deflated JSON in base64url. */
export const viewMark = 'v=';

/** Nodes that are shown as one box. */
export interface Group {
  readonly label: string;
  /** Node ids. */
  readonly members: readonly string[];
}

/** A field of a saved view with an invalid value. */
export interface ViewProblem {
  readonly field: 'pinnedIds' | 'supernodes' | 'clerps';
  /** What it must be, such as `node ids`. */
  readonly expected: string;
  readonly found: unknown;
}

/** The selection in a saved view, as far as it can be read. */
export interface SavedView {
  /** Undefined if missing from the view, as the following fields. */
  readonly pins: readonly string[] | undefined;
  readonly groups: readonly Group[] | undefined;
  /** Pairs of a key and a non-empty label; see `readLabelKey`. */
  readonly labels: readonly (readonly [key: string, label: string])[] | undefined;
  readonly problems: readonly ViewProblem[];
}

/**
 * Read the lists of `qParams`, or of the parameters of a URL. Each may be a list, JSON, JSON encoded again for a URL,
 * or ids joined by commas, because pages differ. Invalid entries are omitted and reported among the problems.
 */
export function readSavedView(params: Unchecked<QParams>): SavedView {
  const pins = readPart(params.pinnedIds, readPins);
  const groups = readPart(params.supernodes, readGroups);
  const labels = readPart(params.clerps, readLabels);
  const problems = [
    ...pins.problems.map((expected) => ({ field: 'pinnedIds' as const, expected, found: params.pinnedIds })),
    ...groups.problems.map((expected) => ({ field: 'supernodes' as const, expected, found: params.supernodes })),
    ...labels.problems.map((expected) => ({ field: 'clerps' as const, expected, found: params.clerps })),
  ];
  return { pins: pins.value, groups: groups.value, labels: labels.value, problems };
}

/** The pinned nodes, groups and labels of a reader. */
export interface PickedNodes {
  readonly pins: readonly string[];
  readonly groups: readonly Group[];
  readonly labels: readonly (readonly [key: string, label: string])[];
}

/** The lists of a view, in the form that all pages read. */
export function writeSavedView(picked: PickedNodes): Required<Pick<QParams, 'pinnedIds' | 'supernodes' | 'clerps'>> {
  const supernodes = picked.groups.map(({ label, members }) => [label, ...members]);
  return { pinnedIds: picked.pins, supernodes, clerps: picked.labels };
}

interface Part<T> {
  readonly value: T | undefined;
  readonly problems: readonly string[];
}

function readPart<T>(given: unknown, read: (value: unknown) => Part<T>): Part<T> {
  return given == null ? { value: undefined, problems: [] } : read(decodeField(given));
}

function readPins(value: unknown): Part<string[]> {
  if (typeof value === 'string') return { value: value.split(',').filter(Boolean), problems: [] };
  const isWhole = Array.isArray(value) && value.every((id) => typeof id === 'string');
  const ids = Array.isArray(value) ? value : [value];
  return { value: ids.map(text).filter(Boolean), problems: isWhole ? [] : ['node ids'] };
}

function readGroups(value: unknown): Part<Group[]> {
  const isGroup = (item: unknown) => Array.isArray(item) && item.every((part) => typeof part === 'string');
  const groups = list(value).map((item) => {
    const [label = '', ...members] = list(item).map(text);
    return { label, members: members.filter(Boolean) };
  });
  if (value === '' || (Array.isArray(value) && value.every(isGroup))) return { value: groups, problems: [] };
  return { value: groups, problems: [typeof value === 'string' ? 'JSON' : '[[label, id, ...], ...]'] };
}

function readLabels(value: unknown): Part<[string, string][]> {
  const pairs = isObject(value) ? Object.entries(value) : list(value).map(list);
  const labels = pairs.map(([key, label]): [string, string] => [text(key), text(label)]);
  const problems = typeof value === 'string' && value !== '' ? ['JSON'] : [];
  return { value: labels.filter(([key, label]) => key !== '' && label !== ''), problems };
}

/** A list or object, from itself or from JSON that may be percent-encoded. Any other text is returned decoded. */
export function decodeField(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  const plain = unescaped(given);
  for (const candidate of [given, plain]) {
    if (!/^\s*[[{]/.test(candidate)) continue;
    try {
      return parseJson(candidate);
    } catch {
      // The other spelling may be JSON.
    }
  }
  return plain;
}

function unescaped(given: string): string {
  try {
    return decodeURIComponent(given);
  } catch {
    return given;
  }
}
