import { packageVersion } from '../../package-version';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import type { ServerStatus } from '../api';
import type { App } from '../context';
import type { GraphFolder } from '../graph-folder';

/** The capabilities of this server. */
export function addStatusRoute(app: App, folder: GraphFolder, model: ReplacementModel | undefined): void {
  app.get('/api/status', async (c) => {
    const status: ServerStatus = {
      version: packageVersion,
      canSave: await folder.canSave(),
      features: true,
      model: model ? { name: model.name, nLayers: model.spec.nLayers } : null,
    };
    return c.json(status, 200, { 'cache-control': 'no-store' });
  });
}
