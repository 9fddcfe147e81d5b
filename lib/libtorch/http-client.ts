import { readFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { rootCertificates, connect as secure } from 'node:tls';
import type { Environment } from './cache';
import { bare, basic, proxyFor, throughProxy, tunnel } from './proxy';
import { UnavailableError } from './unavailable';

export interface HttpSettings {
  readonly env: Environment;
  /** A file of certificates to trust besides those of Node. */
  readonly cert?: string;
  /** Hosts, perhaps with a port, whose certificate is not checked. */
  readonly trustedHosts?: readonly string[];
  /** The proxy that pip is configured to use, which precedes those of the environment. */
  readonly proxy?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: IncomingMessage;
  /** The address that answered, after redirects, without credentials. */
  readonly url: string;
}

export interface HttpRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Sends a GET request and follows redirects. Rejects with the error of the connection, or UnavailableError for a
 * redirect that cannot be followed.
 */
export type HttpClient = (url: string, request?: HttpRequest) => Promise<HttpAnswer>;

const mostRedirects = 10;

/**
 * An HTTP client that knows proxies, certificates and trusted hosts. Node's `fetch` has no setting for any of them
 * before Node 22.
 *
 * @throws UnavailableError when the file of certificates cannot be read.
 */
export function httpClient(settings: HttpSettings): HttpClient {
  const ca = settings.cert ? certificates(settings.cert, settings.env) : undefined;
  return async (given, { headers = {}, signal } = {}) => {
    let url = new URL(given);
    let authorization = credentials(url);
    for (let redirects = 0; ; redirects++) {
      const all = { 'user-agent': 'circuit-tracer', 'accept-encoding': 'identity', ...headers, ...authorization };
      const answer = await send(url, { headers: all, signal, ...(ca && { ca }) }, settings);
      const { statusCode: status = 0, headers: received } = answer;
      if (![301, 302, 303, 307, 308].includes(status) || !received.location) {
        return { status, headers: received, body: answer, url: withoutCredentials(url) };
      }
      answer.destroy();
      const next = redirected(url, received.location, redirects);
      authorization = credentials(next) ?? (next.origin === url.origin ? authorization : undefined);
      url = next;
    }
  };
}

/** The address as text that may be shown. Text that is no address stays as it is. */
export function withoutCredentials(given: string | URL): string {
  if (!URL.canParse(String(given))) return String(given);
  const url = new URL(String(given));
  url.username = '';
  url.password = '';
  return url.href;
}

function redirected(from: URL, location: string, redirects: number): URL {
  const shown = withoutCredentials(from);
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (!next || redirects >= mostRedirects) throw new UnavailableError(`${shown}: it redirects without end`);
  if (next.protocol === 'https:' || next.protocol === from.protocol) return next;
  throw new UnavailableError(`${shown}: it redirects to ${withoutCredentials(next)}, which is not encrypted`);
}

function credentials({ username, password }: URL): { authorization: string } | undefined {
  return username || password ? { authorization: basic(username, password) } : undefined;
}

interface Sent extends HttpRequest {
  readonly ca?: string[];
}

async function send(url: URL, { signal, headers, ca }: Sent, settings: HttpSettings): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UnavailableError(`${withoutCredentials(url)}: only addresses of http and https can be fetched`);
  }
  const proxy = proxyFor(url, settings.env, settings.proxy);
  const options: RequestOptions = { method: 'GET', headers: { ...headers, host: url.host }, agent: false, signal };
  const server = { host: bare(url.hostname), port: url.port, path: url.pathname + url.search };
  if (url.protocol === 'http:') {
    return answered(requestHttp({ ...options, ...(proxy ? throughProxy(proxy, url, options.headers) : server) }));
  }
  const encryption = {
    ca,
    rejectUnauthorized: !isTrusted(url, settings.trustedHosts ?? []),
    servername: isName(url) ? url.hostname : '',
  };
  if (!proxy) return answered(requestHttps({ ...options, ...server, ...encryption }));
  const socket = await tunnel(proxy, url, { ca, signal });
  const createConnection = () => secure({ ...encryption, host: server.host, socket });
  // With an agent, even a fresh one, Node would connect by itself.
  return answered(requestHttps({ ...options, ...server, agent: undefined, createConnection }));
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.end();
  });
}

/** Whether pip's `trusted-host` names the server. */
export function isTrusted(url: URL, hosts: readonly string[]): boolean {
  return hosts.some((host) => host === url.hostname || host === url.host);
}

/** Whether the server is a name and no address; certificates are asked for by name only. */
function isName({ hostname }: URL): boolean {
  return !hostname.startsWith('[') && !/^[\d.]+$/.test(hostname);
}

function certificates(file: string, env: Environment): string[] {
  try {
    const more = env.NODE_EXTRA_CA_CERTS ? [readFileSync(env.NODE_EXTRA_CA_CERTS, 'utf8')] : [];
    return [...rootCertificates, ...more, readFileSync(file, 'utf8')];
  } catch (error) {
    throw new UnavailableError(
      `the certificates that pip is told to trust cannot be read (${(error as Error).message}). Correct PIP_CERT or ` +
        "pip.conf's cert",
    );
  }
}
