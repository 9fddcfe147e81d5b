import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';

/** What a request handler finds beside the request. */
export interface Env {
  Bindings: HttpBindings;
}
export type App = Hono<Env>;
export type AppContext = Context<Env>;
