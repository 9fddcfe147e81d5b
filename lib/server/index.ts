import { lazy } from '../lazy';
import type { ServeOptions } from './options';
import type { GraphServer } from './serve';

const server = lazy(() => require('./serve') as typeof import('./serve'));

/**
 * Serve a folder of graph files and the page that shows them, saves views into them and, with a model, steers it.
 *
 * Only this machine can reach it unless `host` says otherwise, and then only with the token that is part of `url`.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT`; `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT` for the
 * folders; `ERR_ADDRESS` when host and port can't be listened on.
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
