import { CircuitTracerError } from '../errors';
import type { HubSettings } from './settings';

/** What a repository is called in addresses of the hub: `/api/models/org/name/...` and `/org/name/resolve/...`. */
function repositoryIn(url: URL): string {
  const [owner, name] = url.pathname
    .replace(/^\/api\/models/, '')
    .split('/')
    .filter(Boolean);
  return `${owner}/${name}`;
}

/** The error for an answer that isn't a success; `X-Error-Code` is the hub's own word for what is wrong. */
export function refusal(answer: Response, url: URL, { endpoint, token }: HubSettings): CircuitTracerError {
  const repo = repositoryIn(url);
  const page = `${endpoint}/${repo}`;
  switch (answer.headers.get('x-error-code')) {
    case 'GatedRepo':
      return gated(repo, page, endpoint, token);
    case 'RepoNotFound':
      return notFound(
        `There is no repository ${repo} on ${endpoint}, or it is private. Check the name${signIn(token)}.`,
      );
    case 'RevisionNotFound':
      return notFound(`${repo} has no such revision (${url.pathname}). See ${page}/commits for what there is.`);
    case 'EntryNotFound':
      return notFound(
        `${repo} has no ${url.pathname.split('/').slice(5).join('/')}. See ${page}/tree/main for what there is.`,
      );
  }
  const { status } = answer;
  if (status === 401 || status === 403) {
    return access(
      `${endpoint} refuses ${repo} (HTTP ${status}). Check the name and that HF_TOKEN is a valid token that may read it.`,
    );
  }
  if (status === 404)
    return notFound(`There is no ${url.href} on the hub. Check the name, the revision and the folder.`);
  if (status === 429)
    return failing(
      `${endpoint} has had too many requests from here. Wait some minutes${token ? '' : ', or set HF_TOKEN for a higher limit'}, then run it again: it goes on where it stopped.`,
    );
  return failing(`${url.origin} keeps failing (HTTP ${status}). Run it again later: it goes on where it stopped.`);
}

function gated(repo: string, page: string, endpoint: string, token: string | undefined): CircuitTracerError {
  if (token !== undefined) {
    return access(
      `${repo} is gated and this token has no access yet. Accept its conditions on ${page}, then run it again.`,
    );
  }
  return access(
    `${repo} is gated: accept its conditions on ${page}, make a token on ${endpoint}/settings/tokens and set HF_TOKEN to it.`,
  );
}

function signIn(token: string | undefined): string {
  return token === undefined ? '; for a private one set HF_TOKEN' : ', and that the token may read it';
}

/** The error for a request without an answer. `fetch` itself only says that it failed; why is in the cause. */
export function connectionFailure(error: unknown, url: URL): CircuitTracerError {
  const { cause, message } = error as { cause?: { message?: string; code?: string }; message: string };
  const reason = cause?.message || cause?.code || message;
  return new CircuitTracerError(
    'ERR_HUB',
    `${url.origin} can't be reached (${reason}). Check the connection and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use what is in the cache.`,
    { cause: error },
  );
}

export function notFound(message: string): CircuitTracerError {
  return new CircuitTracerError('ERR_HUB_NOT_FOUND', message);
}

const access = (message: string) => new CircuitTracerError('ERR_HUB_ACCESS', message);
const failing = (message: string) => new CircuitTracerError('ERR_HUB', message);
