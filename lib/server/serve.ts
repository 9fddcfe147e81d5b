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

/** A running server. Close it when done. */
export interface GraphServer {
  /** Where the page is, with the token if there is one. */
  readonly url: string;
  readonly port: number;
  /** The address of one graph's page. */
  urlOf(slug: string): string;
  /** Give up what is running and free the port. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What tests change. @private */
export interface ServerSettings {
  readonly pageDir: string;
  /** For a request's headers, and for all of it, in milliseconds. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly limits: ClientLimits;
}

const standard: ServerSettings = {
  pageDir: join(__dirname, '..', '..', 'dist', 'frontend'),
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  limits: { connections: 256, answers: 200, writeTimeout: 30_000 },
};

/** As the package's `serve`, which loads this file. */
export async function serve(options: ServeOptions): Promise<GraphServer> {
  return startServer(await resolveServeOptions(options));
}

/** @private */
export async function startServer(
  options: ResolvedServeOptions,
  settings: Partial<ServerSettings> = {},
): Promise<GraphServer> {
  const { dataDir, featuresDir, model, host } = options;
  const { pageDir, limits, ...timeouts } = { ...standard, ...settings };
  await removeLeftovers(dataDir);
  const token = options.token === undefined ? undefined : new Token(options.token);
  const features = new Features(await sourcesOf(options));
  const closing = new AbortController();
  const app = makeApp({ dataDir, featuresDir, features, model, pageDir, closing: closing.signal });
  // A missing Host header is ours to refuse, with an answer that says so.
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
    addressOf(host, port, { ...query, ...(token && { token: token.value }) });
  return { url: address({}), port, urlOf: (slug) => address({ slug }), close, [Symbol.asyncDispose]: close };
}

async function sourcesOf({ featuresDir, hub }: ResolvedServeOptions): Promise<OwnedSource[]> {
  return [
    ...(featuresDir === undefined ? [] : [await openLocalFeatures(featuresDir)]),
    ...(hub === undefined ? [] : [new HubFeatures(hub)]),
  ];
}

function addressOf(host: string, port: number, query: Record<string, string>): string {
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
    EADDRINUSE: 'another program listens there; choose another port, or 0 for any that is free',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'there is no such address',
    EACCES: 'permission denied; choose a port of 1024 or more',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new CircuitTracerError('ERR_ADDRESS', `Can't listen on ${host}, port ${port}: ${reason}.`, { cause: error });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
