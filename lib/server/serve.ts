import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import type { OwnedSource } from '../features/sources/feature-source';
import { openLocalFeatures } from '../features/sources/folder-features';
import { HubFeatures } from '../features/sources/hub-features';
import { removeLeftovers } from '../io/temporary-name';
import { makeApp } from './app';
import { type ClientLimits, Clients } from './clients';
import { Features } from './features/features';
import { hostNames, shownHost } from './hosts';
import { listenerOf, refuseNonRequests } from './listener';
import { type ResolvedServeOptions, resolveServeOptions, type ServeOptions } from './options';
import { Token } from './token';

/** A running server. The caller must close it. */
export interface GraphServer {
  /** The URL of the page, with the token if there is one. */
  readonly url: string;
  readonly port: number;
  /** The URL of the page of one graph. */
  urlOf(slug: string): string;
  /** Abort running work and free the port. May be called more than once. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Settings that tests override. @private */
export interface ServerSettings {
  readonly pageDir: string;
  /** The timeouts for the headers of a request and for the whole request, in milliseconds. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly limits: ClientLimits;
}

const defaults: ServerSettings = {
  pageDir: join(__dirname, '..', '..', 'dist', 'frontend'),
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  limits: { connections: 256, answers: 200, writeTimeout: 30_000 },
};

/** The implementation of `serve`, which loads this file on first use. */
export async function serve(options: ServeOptions): Promise<GraphServer> {
  return startServer(await resolveServeOptions(options));
}

/** @private */
export async function startServer(
  options: ResolvedServeOptions,
  settings: Partial<ServerSettings> = {},
): Promise<GraphServer> {
  const { dataDir, featuresDir, model, host } = options;
  const { pageDir, limits, ...timeouts } = { ...defaults, ...settings };
  await removeLeftovers(dataDir);
  const token = options.token === undefined ? undefined : new Token(options.token);
  const features = new Features(await openSources(options));
  const closing = new AbortController();
  const app = makeApp({ dataDir, featuresDir, features, model, pageDir, closing: closing.signal });
  // This server itself rejects a missing Host header, with an explanation.
  const server = createServer({ ...timeouts, connectionsCheckingInterval: 500, requireHostHeader: false });
  server.on('request', listenerOf(app, { hosts: hostNames(host), token }, new Clients(server, limits)));
  refuseNonRequests(server);
  try {
    await listen(server, options);
  } catch (error) {
    await features.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = () => {
    closing.abort();
    closed ??= stop(server).then(() => features.close());
    return closed;
  };
  const address = (query: Record<string, string>) =>
    makeUrl(host, port, { ...query, ...(token && { token: token.value }) });
  return { url: address({}), port, urlOf: (slug) => address({ slug }), close, [Symbol.asyncDispose]: close };
}

async function openSources({ featuresDir, hub }: ResolvedServeOptions): Promise<OwnedSource[]> {
  return [
    ...(featuresDir === undefined ? [] : [await openLocalFeatures(featuresDir)]),
    ...(hub === undefined ? [] : [new HubFeatures(hub)]),
  ];
}

function makeUrl(host: string, port: number, query: Record<string, string>): string {
  const search = new URLSearchParams(query).toString();
  return `http://${shownHost(host)}:${port}/${search === '' ? '' : `?${search}`}`;
}

function listen(server: Server, { host, port }: ResolvedServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(addressError(host, port, error)));
    server.listen(port, host, resolve);
  });
}

function addressError(host: string, port: number, error: NodeJS.ErrnoException): CircuitTracerError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'the port is in use. Choose another port, or 0 for any free port',
    EADDRNOTAVAIL: 'this machine does not have this address',
    ENOTFOUND: 'the address does not exist',
    EACCES: 'permission denied. Choose a port of 1024 or above',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new CircuitTracerError('ERR_ADDRESS', `Cannot listen on ${host}, port ${port}: ${reason}.`, { cause: error });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
