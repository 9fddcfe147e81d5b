import { CircuitTracerError } from '../errors';
import { describe } from '../validate';

/** A file or folder in a repository on the hub. */
export interface HubReference {
  /** `organisation/name` */
  readonly repo: string;
  /** The folder or file in the repository; '' for the whole repository. */
  readonly path: string;
  /** The branch, tag or commit. Undefined means `main`. */
  readonly revision: string | undefined;
}

const shortcuts: Readonly<Record<string, string>> = {
  gemma: 'mwhanna/gemma-scope-transcoders',
  llama: 'mntss/transcoder-Llama-3.2-1B',
};

const namePattern = /^[A-Za-z0-9_][\w.-]{0,95}$/;
const commitPattern = /^[0-9a-f]{40}$/;

/**
 * Parse a reference to the hub: `org/repo`, `org/repo/folder`, `org/repo//folder`, each with an optional `@revision`;
 * `hf://org/repo/path`, with `@revision` or `?revision=...`; `gemma` or `llama`.
 *
 * @returns undefined for any other text.
 */
export function parseHubReference(text: string): HubReference | undefined {
  const plain = Object.hasOwn(shortcuts, text) ? (shortcuts[text] ?? text) : text;
  const [location, revision] = splitRevision(plain);
  const [owner = '', name = '', ...rest] = location.replace(/\/+$/, '').split('/');
  // One empty part comes from the double slash of a scan name.
  const parts = rest[0] === '' ? rest.slice(1) : rest;
  if (![owner, name].every(isName) || !parts.every(isPathPart)) return undefined;
  if (revision !== undefined && !revision.split('/').every(isPathPart)) return undefined;
  return { repo: `${owner}/${name}`, path: parts.join('/'), revision };
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a text that is not a reference to the hub. */
export function requireHubReference(text: string, name: string): HubReference {
  const reference = parseHubReference(text);
  if (reference) return reference;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `${name} must be an existing folder, org/repo or org/repo/folder (optionally with @revision), hf://org/repo/path, or a short name (gemma, llama, demo); found ${describe(text)}.`,
  );
}

/** The name that graph files use for transcoders on the hub: `repo[//folder][@revision]`. */
export function scanOf({ repo, path, revision }: HubReference): string {
  return `${repo}${path && `//${path}`}${revision === undefined ? '' : `@${revision}`}`;
}

export function isCommit(revision: string | undefined): boolean {
  return commitPattern.test(revision ?? '');
}

function splitRevision(text: string): [location: string, revision?: string] {
  const [, location = text, query] = /^hf:\/\/([^?]*)(?:\?revision=(.*))?$/.exec(text) ?? [];
  if (query !== undefined) return [location, safelyDecoded(query)];
  const at = location.indexOf('@');
  return at < 0 ? [location] : [location.slice(0, at), location.slice(at + 1)];
}

/** Decode a URI component. An invalid one becomes '', which is not a valid revision, so the reference is malformed. */
function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** Whether a text is a valid name of an organisation or a repository. */
export function isName(text: string): boolean {
  return namePattern.test(text) && !text.includes('--') && !text.includes('..') && !/[.-]$/.test(text);
}

/** Whether a text is a single path component that cannot leave its folder on any system. */
export function isPathPart(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return text !== '' && text !== '.' && text !== '..' && !/[\u0000-\u001f\\:?*"<>|@]/.test(text);
}
