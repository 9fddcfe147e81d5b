import { basename } from 'node:path';
import { localPath } from '../hub/local-path';
import type { FetchPlan, Hub } from '../hub/plan';
import { type HubReference, requireHubReference } from '../hub/reference';
import { isBundledModel, modelFolder } from './bundled';
import { type LocatedModel, planModelFiles } from './model-files';

/** Organisations of the families by the names TransformerLens has for models; first match. */
const organisations: readonly [RegExp, string][] = [
  [/^gemma-[23]-/i, 'google'],
  [/^(?:meta-)?llama-3/i, 'meta-llama'],
  [/^qwen[23]/i, 'Qwen'],
  [/^mistral-/i, 'mistralai'],
  [/^gpt2/i, 'openai-community'],
  [/^gpt-oss-/i, 'openai'],
  [/^pythia-/i, 'EleutherAI'],
];

/**
 * The model that a text names, fetched if need be: `demo`, a folder, or a reference to the hub.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a malformed reference; what fetching throws.
 */
export async function locateModel(text: string, hub: Hub): Promise<LocatedModel> {
  return hub.fetch(await planModelSource(text, hub));
}

/** What {@link locateModel} would fetch. */
export async function planModelSource(text: string, hub: Hub): Promise<FetchPlan<LocatedModel>> {
  if (isBundledModel(text)) return { needed: [], result: { folder: modelFolder(text), name: text } };
  const folder = await localPath(text);
  if (folder !== undefined) return { needed: [], result: { folder, name: basename(folder) } };
  return hub.plan(modelReference(text), planModelFiles);
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT`. */
export function modelReference(text: string): HubReference {
  const organisation = organisations.find(([pattern]) => pattern.test(text))?.[1];
  const short = organisation !== undefined && !text.includes('/');
  return requireHubReference(short ? `${organisation}/${text}` : text, 'model');
}
