import type { IncomingMessage } from 'node:http';
import { nameInHost } from './hosts';
import { Problem } from './problem';
import { pathParts } from './target';
import type { Token } from './token';

/** Who may ask. */
export interface Access {
  /** As {@link nameInHost} gives them. */
  readonly hosts: ReadonlySet<string>;
  readonly token: Token | undefined;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT'];

/** Why a request is refused before anything looks at what it asks for; undefined when it isn't. */
export function refusalOf(request: IncomingMessage, access: Access): Problem | undefined {
  return (
    targetRefusal(request) ??
    methodRefusal(request) ??
    hostRefusal(request, access) ??
    originRefusal(request) ??
    tokenRefusal(request, access)
  );
}

// The raw target: parsing it as a URL would tidy `..` away.
function targetRefusal({ url = '' }: IncomingMessage): Problem | undefined {
  if (pathParts(url)) return undefined;
  return new Problem(400, 'ERR_BAD_REQUEST', 'The path of the request is not one this server could have.');
}

function methodRefusal({ method = '' }: IncomingMessage): Problem | undefined {
  if (methods.includes(method)) return undefined;
  return new Problem(405, 'ERR_METHOD', `The method must be one of ${methods.join(', ')}.`, {
    headers: { allow: methods.join(', ') },
  });
}

function hostRefusal({ headersDistinct }: IncomingMessage, { hosts }: Access): Problem | undefined {
  const given = headersDistinct.host ?? [];
  const name = given.length === 1 ? nameInHost(given[0] as string) : undefined;
  if (name === undefined) return new Problem(400, 'ERR_BAD_REQUEST', 'A request must have one Host header.');
  if (hosts.has(name)) return undefined;
  return new Problem(403, 'ERR_FORBIDDEN', 'This server does not go by the name in the Host header.');
}

function originRefusal({ headers, method }: IncomingMessage): Problem | undefined {
  const { origin, host = '', 'sec-fetch-site': site = 'none', 'sec-fetch-mode': mode } = headers;
  const isOwn = origin === undefined || origin === `http://${host.toLowerCase()}`;
  // A link on another site may lead here; nothing there may read or write.
  const isLink = mode === 'navigate' && method === 'GET';
  if (isOwn && (site === 'same-origin' || site === 'none' || isLink)) return undefined;
  return new Problem(403, 'ERR_FORBIDDEN', 'Pages of other sites may not use this server.');
}

function tokenRefusal(request: IncomingMessage, { token }: Access): Problem | undefined {
  if (!token || token.shownBy(request)) return undefined;
  return new Problem(
    401,
    'ERR_UNAUTHORIZED',
    'This server asks for its token: open the address it printed when it started.',
    { headers: { 'www-authenticate': 'Bearer' } },
  );
}
