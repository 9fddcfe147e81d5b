import { readFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { rootCertificates, connect as secure } from 'node:tls';
import type { Environment } from './cache';
import { proxyFor } from './proxy';
import { UnavailableError } from './transfer';

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
  return username || password ? basic('authorization', username, password) : undefined;
}

function basic<Name extends string>(name: Name, username: string, password: string): Record<Name, string> {
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { [name]: `Basic ${Buffer.from(text).toString('base64')}` } as Record<Name, string>;
}

interface Sent extends HttpRequest {
  readonly ca?: string[];
}

async function send(url: URL, { signal, headers, ca }: Sent, settings: HttpSettings): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UnavailableError(`${withoutCredentials(url)}: only addresses of http and https can be fetched`);
  }
  const proxy = proxyFor(url, settings.env, settings.proxy);
  const isChecked = !isTrusted(url, settings.trustedHosts ?? []);
  const options: RequestOptions = { method: 'GET', headers: { ...headers, host: url.host }, agent: false, signal };
  const server = { host: bare(url.hostname), port: url.port, path: url.pathname + url.search };
  if (url.protocol === 'http:') {
    return answered(requestHttp({ ...options, ...(proxy ? throughProxy(proxy, url, options) : server) }));
  }
  const encryption = { ca, rejectUnauthorized: isChecked, servername: isName(url) ? url.hostname : '' };
  if (!proxy) return answered(requestHttps({ ...options, ...server, ...encryption }));
  const socket = await tunnel(proxy, url, settings, signal);
  return answered(requestHttps({ ...options, ...server, createConnection: () => secure({ ...encryption, socket }) }));
}

function throughProxy(proxy: URL, url: URL, { headers }: RequestOptions): RequestOptions {
  const path = withoutCredentials(url);
  return { host: bare(proxy.hostname), port: proxy.port || 80, path, headers: { ...headers, ...proxyHeaders(proxy) } };
}

/** A connection through a proxy to the server, which it asks for with CONNECT. */
async function tunnel(proxy: URL, url: URL, settings: HttpSettings, signal?: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  const isSecure = proxy.protocol === 'https:';
  const options = {
    method: 'CONNECT',
    host: bare(proxy.hostname),
    port: proxy.port || (isSecure ? 443 : 80),
    path: target,
    headers: { host: target, ...proxyHeaders(proxy) },
    agent: false,
    signal,
    ...(isSecure && settings.cert && { ca: certificates(settings.cert, settings.env) }),
  } as const;
  return new Promise((resolve, reject) => {
    const asked = isSecure ? requestHttps(options) : requestHttp(options);
    const refuse = (status: number | undefined) =>
      reject(new UnavailableError(`the proxy ${proxy.host} refuses a connection to ${target}: HTTP status ${status}`));
    asked.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket as Socket);
      socket.destroy();
      refuse(statusCode);
    });
    asked.once('response', (answer) => {
      answer.destroy();
      refuse(answer.statusCode);
    });
    asked.once('error', (error) => reject(new Error(`the proxy ${proxy.host}: ${error.message}`, { cause: error })));
    asked.end();
  });
}

function proxyHeaders({ username, password }: URL): Record<string, string> {
  return username || password ? basic('proxy-authorization', username, password) : {};
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

/** The host without the brackets that an IPv6 address has in a URL. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
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
