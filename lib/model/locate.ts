import { basename } from 'node:path';
import { isBundledModel, modelFolder } from '../bundled';
import { localPath } from '../hub/local-path';
import type { FetchPlan, Hub } from '../hub/plan';
import { type HubReference, parseHubReference, requireHubReference } from '../hub/reference';
import { checkModelFolder } from './checkpoint';
import { families } from './families';
import { type LocatedModel, planModelFiles, planTokenizerFiles } from './model-files';

/**
 * Locate a model and download it if necessary. The text is `demo`, a folder or a reference to the hub.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a malformed reference; errors of the download.
 */
export async function locateModel(text: string, hub: Hub): Promise<LocatedModel> {
  return hub.fetch(await planModelSource(text, hub));
}

/**
 * Locate the tokenizer of a model. Nothing else of the model is downloaded.
 *
 * @param text as in {@link locateModel}
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a malformed reference; errors of the download.
 */
export async function locateTokenizer(text: string, hub: Hub): Promise<string> {
  if (isBundledModel(text)) return modelFolder(text);
  return (await localPath(text)) ?? hub.obtain(modelReference(text), planTokenizerFiles);
}

/** Plan the download of {@link locateModel}. */
export async function planModelSource(text: string, hub: Hub): Promise<FetchPlan<LocatedModel>> {
  if (isBundledModel(text)) return { needed: [], result: { folder: modelFolder(text), name: text } };
  const folder = await localPath(text);
  if (folder === undefined) return hub.plan(modelReference(text), planModelFiles);
  // Check this before the download of its transcoders, which may take gigabytes.
  await checkModelFolder(folder);
  return { needed: [], result: { folder, name: basename(folder) } };
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a text that is not a reference to the hub. */
export function modelReference(text: string): HubReference {
  return requireHubReference(fullName(text), 'model');
}

/** @returns undefined for a text that is not a reference to the hub. */
export function parseModelReference(text: string): HubReference | undefined {
  return parseHubReference(fullName(text));
}

/** With the organisation, for a name as TransformerLens has it. */
function fullName(text: string): string {
  const family = text.includes('/') ? undefined : families.find(({ hub }) => hub.names.test(text));
  return family ? `${family.hub.organisation}/${text}` : text;
}
