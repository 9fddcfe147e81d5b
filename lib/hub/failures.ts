import { CircuitTracerError } from '../errors';
import type { HubSettings } from './settings';

/** The repository in a URL of the hub: `/api/models/org/name/...` or `/org/name/resolve/...`. */
function repositoryIn(url: URL): string {
  const [owner, name] = url.pathname
    .replace(/^\/api\/models/, '')
    .split('/')
    .filter(Boolean);
  return `${owner}/${name}`;
}

/** The error for a response other than success. The hub names the cause in `X-Error-Code`. */
export function refusal(answer: Response, url: URL, { endpoint, token }: HubSettings): CircuitTracerError {
  const repo = repositoryIn(url);
  const page = `${endpoint}/${repo}`;
  switch (answer.headers.get('x-error-code')) {
    case 'GatedRepo':
      return gated(repo, page, endpoint, token);
    case 'RepoNotFound':
      return notFound(
        `The repository ${repo} does not exist on ${endpoint}, or it is private. Check the name${signIn(token)}.`,
      );
    case 'RevisionNotFound':
      return notFound(`${repo} has no such revision (${url.pathname}). See ${page}/commits for its revisions.`);
    case 'EntryNotFound':
      return notFound(
        `${repo} has no ${url.pathname.split('/').slice(5).join('/')}. See ${page}/tree/main for its files.`,
      );
  }
  const { status } = answer;
  if (status === 401 || status === 403) {
    return access(
      `${endpoint} denies access to ${repo} (HTTP ${status}). Check the name, and that HF_TOKEN is a valid token with read access.`,
    );
  }
  if (status === 404) return notFound(`${url.href} does not exist. Check the name, the revision and the folder.`);
  if (status === 429)
    return failing(
      `${endpoint} received too many requests. Wait a few minutes${token ? '' : ', or set HF_TOKEN for a higher limit'}, then run it again to resume.`,
    );
  return failing(`${url.origin} keeps failing (HTTP ${status}). Run it again later to resume.`);
}

function gated(repo: string, page: string, endpoint: string, token: string | undefined): CircuitTracerError {
  if (token !== undefined) {
    return access(
      `${repo} is gated, and this token does not have access yet. Accept the conditions on ${page}, then run it again.`,
    );
  }
  return access(
    `${repo} is gated. Accept the conditions on ${page}, create a token on ${endpoint}/settings/tokens and set HF_TOKEN to it.`,
  );
}

function signIn(token: string | undefined): string {
  return token === undefined ? ', and set HF_TOKEN if it is private' : ', and that the token has read access';
}

/**
 * The error for a request without a response. The message of `fetch` only says that it failed; its cause has the
 * reason.
 */
export function connectionFailure(error: unknown, url: URL): CircuitTracerError {
  const { cause, message } = error as { cause?: { message?: string; code?: string }; message: string };
  const reason = cause?.message || cause?.code || message;
  return new CircuitTracerError(
    'ERR_HUB',
    `${url.origin} cannot be reached (${reason}). Check the connection and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use the cache alone.`,
    { cause: error },
  );
}

export function notFound(message: string): CircuitTracerError {
  return new CircuitTracerError('ERR_HUB_NOT_FOUND', message);
}

const access = (message: string) => new CircuitTracerError('ERR_HUB_ACCESS', message);
const failing = (message: string) => new CircuitTracerError('ERR_HUB', message);
