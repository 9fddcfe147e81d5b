import type { Json } from '../../graph-file/json-values';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import type { App } from '../context';
import { noticeWhenGone } from '../gone-client';
import { type GraphFolder, memberOf } from '../graph-folder';
import type { GraphText } from '../graph-text';
import { Problem } from '../problem';
import { jsonBody } from '../request-body';
import { interventionsOf } from '../steering/graph-edits';
import { promptOf } from '../steering/graph-prompt';
import { steer } from '../steering/steer';
import { checkSteerRequest } from '../steering/steer-request';
import { WorkQueue } from '../steering/work-queue';

const maxRequestBytes = 2 ** 20;
const maxConcurrent = 4;

/** @param closing fires before the server closes */
export function addSteerRoute(
  app: App,
  folder: GraphFolder,
  model: ReplacementModel | undefined,
  closing: AbortSignal,
): void {
  const queue = new WorkQueue(maxConcurrent);
  app.post('/api/steer', async (c) => {
    const body = await jsonBody(c.env.incoming, maxRequestBytes);
    if (!model)
      throw new Problem(404, 'ERR_NO_MODEL', 'This server was started without a model, so it cannot steer one.');
    const request = checkSteerRequest(body);
    const file = await folder.withGraph(request.slug, promptAndNodes);
    noticeWhenGone(c.env.incoming, c.env.outgoing);
    const signal = AbortSignal.any([c.req.raw.signal, closing]);
    const tokens = await promptOf(file, model, signal);
    const interventions = interventionsOf(request.edits, file);
    return c.json(await queue.run(() => steer(model, tokens, interventions, request, signal), signal));
  });
}

function promptAndNodes(graph: GraphText): Json {
  return { metadata: memberOf(graph, 'metadata'), nodes: memberOf(graph, 'nodes') };
}
