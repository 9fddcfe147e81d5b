import type { IncomingMessage } from 'node:http';
import { nameInHost } from './hosts';
import { Problem } from './problem';
import { pathParts } from './target';
import type { Token } from './token';

/** The access rules of the server. */
export interface Access {
  /** The allowed names, in the format of {@link nameInHost}. */
  readonly hosts: ReadonlySet<string>;
  readonly token: Token | undefined;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT'];

/** The reason to reject a request before it is routed; undefined when it is allowed. */
export function refusalOf(request: IncomingMessage, access: Access): Problem | undefined {
  return (
    targetRefusal(request) ??
    methodRefusal(request) ??
    hostRefusal(request, access) ??
    originRefusal(request) ??
    tokenRefusal(request, access)
  );
}

// The raw target is checked, because parsing it as a URL would remove `..`.
function targetRefusal({ url = '' }: IncomingMessage): Problem | undefined {
  if (pathParts(url)) return undefined;
  return new Problem(400, 'ERR_BAD_REQUEST', 'The request path is invalid.');
}

function methodRefusal({ method = '' }: IncomingMessage): Problem | undefined {
  if (methods.includes(method)) return undefined;
  return new Problem(405, 'ERR_METHOD', `Method not allowed. Use one of ${methods.join(', ')}.`, {
    headers: { allow: methods.join(', ') },
  });
}

function hostRefusal({ headersDistinct }: IncomingMessage, { hosts }: Access): Problem | undefined {
  const given = headersDistinct.host ?? [];
  const name = given.length === 1 ? nameInHost(given[0] as string) : undefined;
  if (name === undefined) return new Problem(400, 'ERR_BAD_REQUEST', 'A request must have exactly one Host header.');
  if (hosts.has(name)) return undefined;
  return new Problem(
    403,
    'ERR_FORBIDDEN',
    'The name in the Host header is not allowed. Open the address that the server printed when it started.',
  );
}

function originRefusal({ headers, method }: IncomingMessage): Problem | undefined {
  const { origin, host = '', 'sec-fetch-site': site = 'none', 'sec-fetch-mode': mode } = headers;
  const isOwn = origin === undefined || origin === `http://${host.toLowerCase()}`;
  // Links from other sites are allowed, but other sites may not read or write.
  const isLink = mode === 'navigate' && method === 'GET';
  if (isOwn && (site === 'same-origin' || site === 'none' || isLink)) return undefined;
  return new Problem(403, 'ERR_FORBIDDEN', 'Requests from pages of other sites are not allowed.');
}

function tokenRefusal(request: IncomingMessage, { token }: Access): Problem | undefined {
  if (!token || token.shownBy(request)) return undefined;
  return new Problem(
    401,
    'ERR_UNAUTHORIZED',
    'A token is required. Open the address that the server printed when it started.',
    { headers: { 'www-authenticate': 'Bearer' } },
  );
}
