import { fileWithin } from '../../io/file-within';
import { fileContent, jsonContent, send } from '../content';
import type { App } from '../context';
import type { Features } from '../features/features';
import { Problem } from '../problem';
import { pathParts } from '../target';

/** A feature as JSON from any source, and the files of the features folder for pages that read them. */
export function addFeatureRoutes(app: App, features: Features, folder: string | undefined): void {
  app.get('/api/features/:layer{\\d{1,9}}/:feature{\\d{1,9}}', async (c) => {
    const { layer, feature } = c.req.param();
    const name = { layer: Number(layer), feature: Number(feature), scan: c.req.query('scan') };
    return send(c, jsonContent(await features.read(name, c.req.raw.signal)));
  });
  app.get('/features/*', async (c) => {
    const [, ...parts] = pathParts(c.env.incoming.url ?? '') ?? [];
    const path = folder === undefined || parts.length === 0 ? undefined : await fileWithin(folder, parts);
    if (path === undefined) {
      const code = folder === undefined ? 'ERR_NO_FEATURES' : 'ERR_NO_FEATURE';
      throw new Problem(404, code, 'The features folder does not have this file.');
    }
    return send(c, await fileContent(path));
  });
}
