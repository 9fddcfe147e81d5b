import { Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { ReplacementModel } from '../replacement-model/replacement-model';
import type { App, Env } from './context';
import type { Features } from './features/features';
import { GraphFolder } from './graph-folder';
import { GraphList } from './graph-list';
import { Problem, problemHeaders, problemOf } from './problem';
import { addFeatureRoutes } from './routes/features';
import { addGraphRoutes } from './routes/graphs';
import { addPageRoutes } from './routes/page';
import { addStatusRoute } from './routes/status';
import { addSteerRoute } from './routes/steer';

/** The content that the server serves. */
export interface Served {
  readonly dataDir: string;
  readonly featuresDir: string | undefined;
  readonly features: Features;
  readonly model: ReplacementModel | undefined;
  readonly pageDir: string;
  /** Fires before the server closes. */
  readonly closing: AbortSignal;
}

export function makeApp({ dataDir, featuresDir, features, model, pageDir, closing }: Served): App {
  const app: App = new Hono<Env>();
  app.onError((error) => response(problemOf(error)));
  app.notFound(() => response(new Problem(404, 'ERR_NOT_FOUND', 'Not found.')));
  app.use(methodNotAllowed({ app, onMethodNotAllowed: (_, methods) => response(wrongMethod(methods)) }));
  const folder = new GraphFolder(dataDir);
  addStatusRoute(app, folder, model);
  addGraphRoutes(app, folder, new GraphList(folder));
  addFeatureRoutes(app, features, featuresDir);
  addSteerRoute(app, folder, model, closing);
  addPageRoutes(app, pageDir);
  return app;
}

function response({ status, body, headers }: Problem): Response {
  return new Response(body, { status, headers: { ...problemHeaders, ...headers } });
}

function wrongMethod(methods: readonly string[]): Problem {
  const allow = methods.join(', ');
  return new Problem(405, 'ERR_METHOD', `Method not allowed. Use ${allow}.`, { headers: { allow } });
}
