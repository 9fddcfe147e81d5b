import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';

/** The context of a request handler in addition to the request. */
export interface Env {
  Bindings: HttpBindings;
}
export type App = Hono<Env>;
export type AppContext = Context<Env>;
