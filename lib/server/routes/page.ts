import { fileWithin, readWhole } from '../../io/file-within';
import { memoryContent, send, typeOf } from '../content';
import type { App, AppContext } from '../context';
import { Problem } from '../problem';
import { revisionOf } from '../revision';
import { pathParts } from '../target';

/** The names of these files change with their content. */
const unchanging = 'private, max-age=31536000, immutable';

/** @param folder the folder of the built page */
export function addPageRoutes(app: App, folder: string): void {
  const page = (c: AppContext) => sendFile(c, folder, ['index.html'], 'no-cache');
  app.get('/', page);
  app.get('/index.html', page);
  app.get('/assets/:file', (c) => sendFile(c, folder, pathParts(c.env.incoming.url ?? '') ?? [], unchanging));
  app.get('/:file', (c) => sendFile(c, folder, pathParts(c.env.incoming.url ?? '') ?? [], 'no-cache'));
}

async function sendFile(c: AppContext, folder: string, parts: string[], cacheControl: string): Promise<Response> {
  const path = await fileWithin(folder, parts);
  if (path !== undefined) {
    const bytes = await readWhole(path);
    return send(c, memoryContent(bytes, typeOf(path), revisionOf(bytes), cacheControl));
  }
  if (parts[0] !== 'index.html') throw new Problem(404, 'ERR_NOT_FOUND', 'Not found.');
  return c.text('The page has not been built. In a source checkout, run: npm run build\n', 503);
}
