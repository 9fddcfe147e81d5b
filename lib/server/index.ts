import { lazy } from '../lazy';
import type { ServeOptions } from './options';
import type { GraphServer } from './serve';

const server = lazy(() => require('./serve') as typeof import('./serve'));

/**
 * Serve a folder of graph files and a page that shows them, saves views in them and, with a model, steers it.
 *
 * The server is reachable only from this machine unless `host` is set. Other machines need the token that is part of
 * `url`.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT`; `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT` for the
 * folders; `ERR_ADDRESS` when the server cannot listen on the host and port.
 *
 * @example
 * await using server = await serve({ dataDir: 'graphs', port: 0 });
 * console.log(server.url);
 */
export async function serve(options: ServeOptions): Promise<GraphServer> {
  return server().serve(options);
}

export type { ServeOptions } from './options';
export type { GraphServer } from './serve';
