import type { Unchecked } from '../../graph-file/json-values';
import { isObject } from '../../is-object';
import type { SaveViewAnswer, SaveViewRequest } from '../api';
import { jsonContent, send } from '../content';
import type { App, AppContext } from '../context';
import type { GraphFolder } from '../graph-folder';
import type { GraphList } from '../graph-list';
import { Problem } from '../problem';
import { jsonBody } from '../request-body';

/** The limit for a view. One of thousands of nodes with labels and positions takes a tenth of it. */
const maxViewBytes = 8 * 2 ** 20;

/** The list of graphs and their files, with the URLs that attribution graph pages use. */
export function addGraphRoutes(app: App, folder: GraphFolder, list: GraphList): void {
  app.get('/data/graph-metadata.json', async (c) => send(c, jsonContent(await list.entries())));
  for (const prefix of ['data', 'graph_data'] as const) {
    app.get(`/${prefix}/:file{.+\\.json}`, async (c) => {
      return send(c, await folder.content(c.req.param('file').slice(0, -'.json'.length)));
    });
  }
  const save = async (c: AppContext) => {
    const { qParams, revision = null }: Unchecked<SaveViewRequest> = await jsonBody(c.env.incoming, maxViewBytes);
    if (!isObject(qParams)) throw invalid('qParams must be an object');
    if (revision !== null && typeof revision !== 'string') throw invalid('revision must be text or null');
    const saved = await folder.saveView(c.req.param('slug') ?? '', JSON.stringify(qParams), revision);
    const answer: SaveViewAnswer = { revision: saved };
    return c.json(answer, 200, { etag: saved });
  };
  app.put('/api/graphs/:slug/view', save);
  app.post('/api/graphs/:slug/view', save);
  app.post('/save_graph/:slug', save);
}

function invalid(message: string): Problem {
  return new Problem(400, 'ERR_BAD_REQUEST', `${message}.`);
}
