import { isBundledModel } from '../bundled';
import type { ResolvedLoadOptions } from '../engine/load-options';
import { CircuitTracerError } from '../errors';
import { localPath } from '../hub/local-path';
import { Hub } from '../hub/plan';
import { parseModelReference, planModelSource } from '../model/locate';
import type { LocatedModel } from '../model/model-files';
import type { TranscoderConfig } from '../transcoder/config';
import { planTranscoderSet } from '../transcoder/locate';
import { checkText } from '../validate';

export interface LocatedPair extends LocatedModel {
  readonly transcoders: TranscoderConfig;
}

/**
 * Locate a model and transcoders, and fetch them if necessary. If only one is given, the other follows from it: a
 * bundled model has its own transcoders, and transcoders name their model.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` when the other does not follow from the one that is given; the
 * errors of `planModelSource`, `planTranscoderSet` and fetching.
 */
export async function locatePair(
  model: string | undefined,
  transcoders: string | undefined,
  { hub: options, signal, onProgress }: Pick<ResolvedLoadOptions, 'hub' | 'signal' | 'onProgress'>,
): Promise<LocatedPair> {
  const bundled = model !== undefined && isBundledModel(model) ? model : undefined;
  const set = checkText(transcoders ?? bundled, 'transcoders');
  const hub = await Hub.open({ ...options, signal, onProgress });
  const setPlan = await planTranscoderSet(set, hub);
  const name = model === undefined ? await modelNameOf(setPlan.result) : checkText(model, 'model');
  const modelPlan = await planModelSource(name, hub);
  const needed = [...modelPlan.needed, ...setPlan.needed];
  return hub.fetch({ needed, result: { ...modelPlan.result, transcoders: setPlan.result } });
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` when config.yaml has no `model_name` that can be located. */
export async function modelNameOf({ modelName, file }: TranscoderConfig): Promise<string> {
  const isHere = isBundledModel(modelName) || (modelName !== '' && (await localPath(modelName)) !== undefined);
  if (isHere || parseModelReference(modelName)) return modelName;
  const found =
    modelName === ''
      ? 'has no model_name'
      : `names '${modelName}', which is neither a local folder nor a hub reference (org/repo)`;
  throw new CircuitTracerError('ERR_INVALID_ARGUMENT', `model must be given: ${file} ${found}.`);
}
