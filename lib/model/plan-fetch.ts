import type { NeededFiles } from '../hub/download';
import { localPath } from '../hub/local-path';
import type { Hub, Planner } from '../hub/plan';
import { isFolder } from '../io/files';
import type { TranscoderConfig } from '../transcoder/config';
import { planLocalSet, planTranscoderFiles } from '../transcoder/locate';
import { isBundledModel, isBundledTranscoders } from './bundled';
import { modelReference } from './locate';
import { modelNameOf } from './locate-pair';
import { planModelFiles } from './model-files';

/**
 * The files of the hub that a model or a set of transcoders consists of; with a set those that its config.yaml lists in
 * other repositories and, if asked for, the model it names.
 *
 * @param text a reference to the hub, or a folder of transcoders on this machine
 * @throws CircuitTracerError as `locateModel` and `locateTranscoders`.
 */
export async function planFetch(text: string, hub: Hub, options: { withModel: boolean }): Promise<NeededFiles[]> {
  if (isBundledModel(text) || isBundledTranscoders(text)) return [];
  const place = await localPath(text);
  const { needed, result } =
    place === undefined ? await hub.plan(modelReference(text), planAny) : await planLocalSet(hub, place);
  if (result === undefined || !options.withModel) return [...needed];
  return [...needed, ...(await planNamedModel(modelNameOf(result), hub))];
}

/** A set where there is a config.yaml, else a model. The result is the config of a set. */
const planAny: Planner<TranscoderConfig | undefined> = async (hub, repository) => {
  if (repository.has(repository.inFolder('config.yaml'))) return planTranscoderFiles(hub, repository);
  const { needed } = await planModelFiles(hub, repository);
  return { needed, result: undefined };
};

async function planNamedModel(name: string, hub: Hub): Promise<readonly NeededFiles[]> {
  if (isBundledModel(name) || (await isFolder(name))) return [];
  return (await hub.plan(modelReference(name), planModelFiles)).needed;
}
