import { CircuitTracerError } from '../../errors';
import type { GraphFileInfo } from '../../graph-file/metadata';
import { type NeuronpediaNames, neuronpediaNames } from '../../graph-file/neuronpedia';
import { checkSlug } from '../../graph-file/slug';
import { checkInteger, checkOptions, checkText, describe } from '../../validate';
import { type PruneOptions, pruneOptions } from '../prune-options';

/** The content of a graph file. The thresholds apply to a whole graph. A pruned graph is written unchanged. */
export interface GraphJsonOptions extends PruneOptions {
  /** The name of the graph in its file name and URL: letters, digits, `_`, `.`, `-`. Default 'graph'. */
  readonly slug?: string;
  /** The transcoders whose features the page reads: one name, or one per layer. Default: the graph's own. */
  readonly scan?: string | readonly string[];
  /** The initial view of the page: pinned nodes and groups `[label, id, ...]`, by node id. Default: empty. */
  readonly view?: GraphFileView;
  /** Information about the graph. Default: the program that made it, and the repositories that the scan names. */
  readonly info?: GraphFileInfo;
  /**
   * Make a file for upload to Neuronpedia, with its names of the model and the features: `{ modelId, sourceSet }` or
   * `'gemma-2-2b/gemmascope-transcoder-16k'`, or true for a published set with known names. Default: none.
   */
  readonly neuronpedia?: NeuronpediaNames | string | true;
}

export interface GraphFileView {
  readonly pinnedIds?: readonly string[];
  readonly supernodes?: readonly (readonly string[])[];
}

const ownNames: readonly (keyof GraphJsonOptions)[] = ['slug', 'scan', 'view', 'info', 'neuronpedia'];
export const graphJsonNames: readonly string[] = [...ownNames, ...Object.keys(pruneOptions)];

/**
 * @returns Neuronpedia's names, if the file is for Neuronpedia
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an invalid slug, scan or info.
 */
export function checkContent(
  slug: string,
  scan: string | readonly string[],
  { info = {}, neuronpedia }: GraphJsonOptions,
): NeuronpediaNames | undefined {
  checkSlug(slug);
  checkInfo(info);
  const names = typeof scan === 'string' ? [scan] : scan;
  const named = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string' && name);
  if (named) return neuronpedia === undefined ? undefined : neuronpediaNames(scan, neuronpedia);
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `scan must be the name of the transcoders or one name per layer, so that the page finds their features; found ` +
      `${describe(scan)}. Set the option scan.`,
  );
}

function checkInfo(info: GraphFileInfo): void {
  const { sourceUrls, createTime, ...texts } = info;
  checkOptions(info, ['description', 'creatorName', 'creatorUrl', 'sourceUrls', 'createTime'], 'info');
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) checkText(text, `info.${name}`);
  if (createTime !== undefined) checkInteger(createTime, 'info.createTime', 0);
  if (sourceUrls === undefined || (Array.isArray(sourceUrls) && sourceUrls.every((url) => typeof url === 'string'))) {
    return;
  }
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `info.sourceUrls must be a list of URLs; found ${describe(sourceUrls)}.`,
  );
}
