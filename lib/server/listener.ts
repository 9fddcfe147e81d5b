import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Clients } from './clients';
import type { App } from './context';
import { type Access, refusalOf } from './guard';
import { Problem, problemHeaders } from './problem';

/** The headers of every response. Only the page's own files can run in it, and no other page may frame or read them. */
const safetyHeaders = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "object-src 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Reject disallowed requests, and pass the others to the app. */
export function listenerOf(app: App, access: Access, clients: Clients): RequestListener {
  const handle = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (incoming: IncomingMessage, outgoing: ServerResponse) => {
    for (const [name, value] of Object.entries(safetyHeaders)) outgoing.setHeader(name, value);
    const problem = clients.admit(incoming, outgoing) ?? refusalOf(incoming, access);
    if (problem) return refuse(outgoing, problem);
    if (access.token?.shownBy(incoming) === 'query') outgoing.setHeader('set-cookie', access.token.cookie(incoming));
    void handle(incoming, outgoing);
  };
}

function refuse(outgoing: ServerResponse, { status, body, headers }: Problem): void {
  outgoing.writeHead(status, { ...problemHeaders, ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

/**
 * Respond to connections that never become a request: malformed or slow requests, and attempts to use the server as a
 * proxy.
 */
export function refuseNonRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.writable && error.code !== 'ECONNRESET') refuseRaw(socket, clientProblem(error.code));
    else socket.destroy();
  });
  server.on('connect', (_, socket) => {
    socket.on('error', () => socket.destroy());
    refuseRaw(socket, new Problem(405, 'ERR_METHOD', 'This server is not a proxy.'));
  });
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem(408, 'ERR_TIMEOUT', 'The request took too long to arrive.');
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem(431, 'ERR_TOO_LARGE', 'The request headers are too large.');
  return new Problem(400, 'ERR_BAD_REQUEST', 'The request is not valid HTTP.');
}

function refuseRaw(socket: Duplex, { status, body }: Problem): void {
  const headers = {
    ...problemHeaders,
    ...safetyHeaders,
    connection: 'close',
    'content-length': Buffer.byteLength(body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // A client that does not close its side would keep the connection open.
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
}
