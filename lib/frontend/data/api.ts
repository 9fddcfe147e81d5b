import { isRecord, list, record, text } from '../core/graph/json';

/** What the server can do; null where the page is served as plain files. */
export interface ServerStatus {
  readonly version: string;
  readonly canSave: boolean;
  readonly features: boolean;
  readonly model: { readonly name: string; readonly nLayers: number } | null;
}

/** A graph of the server's list. */
export interface GraphEntry {
  readonly slug: string;
  readonly prompt: string;
  readonly scan: string;
  readonly titlePrefix: string;
}

/** An answer that isn't the one hoped for; `details` is its body. */
export class ServerError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, details: Readonly<Record<string, unknown>>) {
    const { code, message } = record(details.error);
    super(text(message) || `The server answered ${status}.`);
    this.status = status;
    this.code = text(code);
    this.details = details;
  }
}

async function request(path: string, init: RequestInit = {}): Promise<Readonly<Record<string, unknown>>> {
  let response: Response;
  try {
    response = await fetch(new URL(path, location.href), { cache: 'no-cache', ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Error('The server does not answer. Is it still running?');
  }
  const body = record(await response.json().catch(() => ({})));
  if (!response.ok) throw new ServerError(response.status, body);
  return body;
}

export async function fetchStatus(): Promise<ServerStatus | null> {
  try {
    const { version, canSave, features, model } = await request('api/status');
    if (version === undefined) return null;
    const { name, nLayers } = record(model);
    const known = isRecord(model) ? { name: text(name), nLayers: Number(nLayers) } : null;
    return { version: text(version), canSave: canSave === true, features: features === true, model: known };
  } catch {
    return null;
  }
}

/** A file of the server's folder that it can't list as a graph. */
export interface ListProblem {
  readonly file: string;
  readonly reason: string;
}

export interface GraphListing {
  readonly entries: readonly GraphEntry[];
  readonly listProblems: readonly ListProblem[];
}

export async function fetchGraphList(): Promise<GraphListing> {
  const { graphs, problems } = await request('data/graph-metadata.json');
  const told = list(problems).map(record);
  return {
    entries: entriesOf(graphs),
    listProblems: told.map(({ file, reason }) => ({ file: text(file), reason: text(reason) })),
  };
}

function entriesOf(graphs: unknown): GraphEntry[] {
  return list(graphs)
    .map(record)
    .filter(({ slug }) => text(slug) !== '')
    .map(({ slug, prompt, scan, title_prefix }) => ({
      slug: text(slug),
      prompt: text(prompt),
      scan: text(scan),
      titlePrefix: text(title_prefix),
    }));
}

/**
 * Save a view into its graph's file.
 *
 * @param revision of the file it was made from; the server refuses when that has changed. null: whatever is there.
 * @returns the file's new revision
 */
export async function saveView(slug: string, qParams: object, revision: string | null): Promise<string> {
  const answer = await request(`api/graphs/${encodeURIComponent(slug)}/view`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ qParams, revision }),
  });
  return text(answer.revision);
}

export interface SteerEdit {
  /** `{layer}_{feature}_{position}` */
  readonly nodes: readonly string[];
  readonly factor: number;
}

export interface TokenChance {
  readonly token: string;
  readonly probability: number;
}

export interface SteerResult {
  readonly before: readonly TokenChance[];
  readonly after: readonly TokenChance[];
  readonly continuation: { readonly before: string; readonly after: string };
}

export async function steer(
  body: { slug: string; edits: readonly SteerEdit[]; maxNewTokens: number; freezeAttention: boolean; top: number },
  signal: AbortSignal,
): Promise<SteerResult> {
  const answer = await request('api/steer', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  const continuation = record(answer.continuation);
  return {
    before: list(answer.before).map(chance),
    after: list(answer.after).map(chance),
    continuation: { before: text(continuation.before), after: text(continuation.after) },
  };
}

function chance(value: unknown): TokenChance {
  const { token, probability } = record(value);
  return { token: text(token), probability: Number(probability) };
}
