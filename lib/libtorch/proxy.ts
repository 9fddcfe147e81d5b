import { type OutgoingHttpHeaders, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import type { Environment } from './cache';
import { UnavailableError } from './unavailable';

/**
 * The proxy for an address: that of pip's setting, or `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` in either case unless
 * `NO_PROXY` names the host. Undefined for a direct connection. Proxies of SOCKS are left out.
 */
export function proxyFor(url: URL, env: Environment, configured?: string): URL | undefined {
  if (isExcluded(url, variable(env, 'no_proxy') ?? '')) return undefined;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const given = configured || variable(env, name) || variable(env, 'all_proxy');
  if (!given) return undefined;
  const text = given.includes('://') ? given : `http://${given}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  return proxy && /^https?:$/.test(proxy.protocol) ? proxy : undefined;
}

function variable(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined;
}

/** Whether `NO_PROXY` names the host: `*`, a host with its subdomains, or either with a port. */
function isExcluded({ hostname, port, protocol }: URL, list: string): boolean {
  const actualPort = port || (protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, host = '', wantedPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (!host || (wantedPort && wantedPort !== actualPort)) return false;
    return hostname === host || hostname.endsWith(`.${host}`);
  });
}

/** The options of a request for an address that is not encrypted, sent to a proxy. */
export function throughProxy(proxy: URL, url: URL, headers: RequestOptions['headers']): RequestOptions {
  const path = `${url.origin}${url.pathname}${url.search}`;
  const all = { ...(headers as OutgoingHttpHeaders), ...login(proxy) };
  return { host: bare(proxy.hostname), port: proxy.port || 80, path, headers: all };
}

export interface TunnelOptions {
  /** The certificates that a proxy reached over https is checked with. */
  readonly ca?: string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ask a proxy with CONNECT for a connection to a server.
 *
 * @throws UnavailableError when the proxy refuses; Error when it cannot be reached.
 */
export function tunnel(proxy: URL, url: URL, { ca, signal }: TunnelOptions): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  const isSecure = proxy.protocol === 'https:';
  const server = { host: bare(proxy.hostname), port: proxy.port || (isSecure ? 443 : 80) };
  const headers = { host: target, ...login(proxy) };
  const options = { ...server, method: 'CONNECT', path: target, headers, agent: false, signal } as const;
  return new Promise((resolve, reject) => {
    const request = isSecure ? requestHttps({ ...options, ca }) : requestHttp(options);
    const refuse = (status: number | undefined) =>
      reject(new UnavailableError(`the proxy ${proxy.host} refuses a connection to ${target}: HTTP status ${status}`));
    request.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket as Socket);
      socket.destroy();
      refuse(statusCode);
    });
    request.once('response', (answer) => {
      answer.destroy();
      refuse(answer.statusCode);
    });
    request.on('error', (error) => reject(new Error(`the proxy ${proxy.host}: ${error.message}`, { cause: error })));
    request.end();
  });
}

function login({ username, password }: URL): Record<string, string> {
  return username || password ? { 'proxy-authorization': basic(username, password) } : {};
}

/** The header that shows a user and password, which are encoded as in a URL. */
export function basic(username: string, password: string): string {
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

/** The host without the brackets that an IPv6 address has in a URL. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
