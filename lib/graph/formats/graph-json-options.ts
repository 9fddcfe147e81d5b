import { callOptionNames } from '../../call-options';
import { CircuitTracerError } from '../../errors';
import type { GraphFileInfo } from '../../graph-file/metadata';
import { type NeuronpediaNames, neuronpediaNames } from '../../graph-file/neuronpedia';
import { checkSlug } from '../../graph-file/slug';
import { checkInteger, checkOptions, checkText, describe } from '../../validate';
import type { PruneOptions } from '../graph';

/** What a graph file says. The thresholds are for a whole graph: a pruned one is written as it is. */
export interface GraphJsonOptions extends PruneOptions {
  /** Names the graph, its file and its address: letters, digits, `_`, `.`, `-`. Default 'graph'. */
  readonly slug?: string;
  /** Which transcoders the page reads features of: one name, or one per layer. Default: the graph's own. */
  readonly scan?: string | readonly string[];
  /** What the page shows at first: pinned nodes and groups `[label, id, ...]`, by node id. Default: nothing. */
  readonly view?: GraphFileView;
  /** What the file says of itself. Default: the program that made it, and repositories that the scan names. */
  readonly info?: GraphFileInfo;
  /**
   * Make a file to upload to Neuronpedia: its names of the model and the features, as `{ modelId, sourceSet }` or
   * `'gemma-2-2b/gemmascope-transcoder-16k'`; true for a published set, whose names are known. Default: none.
   */
  readonly neuronpedia?: NeuronpediaNames | string | true;
}

export interface GraphFileView {
  readonly pinnedIds?: readonly string[];
  readonly supernodes?: readonly (readonly string[])[];
}

const ownNames: readonly (keyof GraphJsonOptions)[] = ['slug', 'scan', 'view', 'info', 'neuronpedia'];
export const graphJsonNames = [...ownNames, 'nodeThreshold', 'edgeThreshold', ...callOptionNames] as const;

/**
 * @returns Neuronpedia's names, for a file that goes there
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a slug, scan or info that a file can't have.
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
    `scan must name the transcoders, by one name or one per layer, so that the page finds their features; found ` +
      `${describe(scan)}. Give the option scan.`,
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
    `info.sourceUrls must be a list of addresses; found ${describe(sourceUrls)}.`,
  );
}
