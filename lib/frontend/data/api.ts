import { isObject, list, record, text, type Unchecked } from '../../graph-file/json-values';
import type { QParams } from '../../graph-file/schema';
import type {
  ErrorAnswer,
  GraphEntry,
  GraphListing,
  ListProblem,
  SaveViewAnswer,
  SaveViewRequest,
  ServerStatus,
  SteerAnswer,
  SteerRequest,
  TokenChance,
} from '../../server/api';

/** A graph in the server's list. */
export interface ListedGraph {
  readonly slug: string;
  readonly prompt: string;
  readonly scan: string;
  readonly titlePrefix: string;
}

/** A response other than success. `details` is its body. */
export class ServerError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, details: Readonly<Record<string, unknown>>) {
    const { code, message }: Unchecked<ErrorAnswer['error']> = record(details.error);
    super(text(message) || `The server responded with status ${status}.`);
    this.status = status;
    this.code = text(code);
    this.details = details;
  }
}

/** @returns the fields of the response, some of which an older server may lack */
async function request<T>(path: string, init: RequestInit = {}): Promise<Unchecked<T>> {
  let response: Response;
  try {
    response = await fetch(new URL(path, location.href), { cache: 'no-cache', ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Error('The server does not respond. Is it still running?');
  }
  const body = record(await response.json().catch(() => ({})));
  if (!response.ok) throw new ServerError(response.status, body);
  return body as Unchecked<T>;
}

/** The status of the server. null if the page is served as plain files. */
export async function fetchStatus(): Promise<ServerStatus | null> {
  try {
    const { version, canSave, features, model } = await request<ServerStatus>('api/status');
    if (version === undefined) return null;
    const { name, nLayers }: Unchecked<NonNullable<ServerStatus['model']>> = record(model);
    const known = isObject(model) ? { name: text(name), nLayers: Number(nLayers) } : null;
    return { version: text(version), canSave: canSave === true, features: features === true, model: known };
  } catch {
    return null;
  }
}

export interface ListedGraphs {
  readonly entries: readonly ListedGraph[];
  readonly listProblems: readonly ListProblem[];
}

export async function fetchGraphList(): Promise<ListedGraphs> {
  const { graphs, problems } = await request<GraphListing>('data/graph-metadata.json');
  return {
    entries: list(graphs)
      .map((entry) => listedGraph(record(entry)))
      .filter(({ slug }) => slug !== ''),
    listProblems: list(problems).map((problem) => listProblem(record(problem))),
  };
}

function listedGraph({ slug, prompt, scan, title_prefix }: Unchecked<GraphEntry>): ListedGraph {
  return { slug: text(slug), prompt: text(prompt), scan: text(scan), titlePrefix: text(title_prefix) };
}

function listProblem({ file, reason }: Unchecked<ListProblem>): ListProblem {
  return { file: text(file), reason: text(reason) };
}

/**
 * Save a view into its graph's file.
 *
 * @param revision the revision of the file that the view was made from, or null for any; the server rejects others
 * @returns the file's new revision
 */
export async function saveView(slug: string, qParams: QParams, revision: string | null): Promise<string> {
  const body: SaveViewRequest = { qParams, revision };
  const answer = await request<SaveViewAnswer>(`api/graphs/${encodeURIComponent(slug)}/view`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return text(answer.revision);
}

export async function steer(body: SteerRequest, signal: AbortSignal): Promise<SteerAnswer> {
  const answer = await request<SteerAnswer>('api/steer', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  const continuation: Unchecked<SteerAnswer['continuation']> = record(answer.continuation);
  return {
    before: list(answer.before).map(chance),
    after: list(answer.after).map(chance),
    continuation: { before: text(continuation.before), after: text(continuation.after) },
  };
}

function chance(value: unknown): TokenChance {
  const { token, probability }: Unchecked<TokenChance> = record(value);
  return { token: text(token), probability: Number(probability) };
}
