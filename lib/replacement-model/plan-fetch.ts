import { isBundledModel, isBundledTranscoders } from '../bundled';
import type { NeededFiles } from '../hub/download';
import { localPath } from '../hub/local-path';
import type { FetchPlan, Hub, Planner } from '../hub/plan';
import { modelReference, planModelSource } from '../model/locate';
import { planModelFiles } from '../model/model-files';
import type { TranscoderConfig } from '../transcoder/config';
import { planTranscoderFiles, planTranscoderSet } from '../transcoder/locate';
import { modelNameOf } from './locate-pair';

/**
 * The hub files of a model or a set of transcoders. A set includes the files that its config.yaml lists in other
 * repositories and, if requested, the model that it names.
 *
 * @param text a hub reference, or a local folder of transcoders
 * @throws CircuitTracerError the errors of `locateModel` and `locateTranscoders`.
 */
export async function planFetch(text: string, hub: Hub, options: { withModel: boolean }): Promise<NeededFiles[]> {
  const { needed, result } = await planEither(text, hub);
  if (result === undefined || !options.withModel) return [...needed];
  return [...needed, ...(await planModelSource(await modelNameOf(result), hub)).needed];
}

/**
 * Check whether {@link planFetch} accepts a text, without a request to the hub.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a malformed reference.
 */
export async function checkFetchable(text: string): Promise<void> {
  if (!(await isHere(text))) modelReference(text);
}

async function isHere(text: string): Promise<boolean> {
  return isBundledTranscoders(text) || isBundledModel(text) || (await localPath(text)) !== undefined;
}

/** @returns the config of a set as the result, or no result for a model */
async function planEither(text: string, hub: Hub): Promise<FetchPlan<TranscoderConfig | undefined>> {
  return (await isHere(text)) ? planTranscoderSet(text, hub) : hub.plan(modelReference(text), planRepository);
}

/** A folder with config.yaml is a set, any other a model. */
const planRepository: Planner<TranscoderConfig | undefined> = async (hub, repository) => {
  if (repository.has(repository.inFolder('config.yaml'))) return planTranscoderFiles(hub, repository);
  const { needed } = await planModelFiles(hub, repository);
  return { needed, result: undefined };
};
