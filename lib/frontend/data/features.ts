import { record, text, type Unchecked } from '../../graph-file/json-values';
import type { ErrorAnswer } from '../../server/api';
import { type FeatureInfo, parseFeature } from '../core/graph/feature';

// A server with features responds to GET api/features/<layer>/<index>?scan=<scan of the graph> with the JSON of one
// feature (FeatureExamples), or with 404 and {error: {code, message}}: ERR_NO_FEATURE if this feature is not known,
// ERR_NO_FEATURES if none of the scan's features are. As plain files, they are features/<scan>/<feature>.json.

/** The location of a feature. */
export interface FeatureRequest {
  readonly layer: number;
  readonly index: number;
  /** The number in the graph file, which is the file name in folders of plain files. */
  readonly raw: number;
  readonly scan: string;
  /** Whether the server can look up single features. */
  readonly served: boolean;
}

/** `none`: there are no examples of this feature, and a retry cannot help. */
export type FeatureAnswer = { readonly info: FeatureInfo } | { readonly none: string };

export const noFeatures =
  'No feature examples are available. Start the server with a folder of features to see them here.';

const maxCached = 200;
const kept = new Map<string, FeatureAnswer>();

/**
 * Read one feature. The last 200 are cached. Rejects when aborted, or with a message for the reader when the source
 * fails in a way that may be temporary.
 */
export async function fetchFeature(request: FeatureRequest, signal: AbortSignal): Promise<FeatureAnswer> {
  const url = addressOf(request);
  const known = kept.get(url);
  if (known) {
    kept.delete(url);
    kept.set(url, known);
    return known;
  }
  const answer = await ask(url, signal);
  kept.set(url, answer);
  const [oldest] = kept.keys();
  if (kept.size > maxCached && oldest !== undefined) kept.delete(oldest);
  return answer;
}

function addressOf({ layer, index, raw, scan, served }: FeatureRequest): string {
  const path = served
    ? `api/features/${layer}/${index}?scan=${encodeURIComponent(scan)}`
    : `features/${scan
        .replace(/^\.?\//, '')
        .split('/')
        .map(encodeURIComponent)
        .join('/')}/${raw}.json`;
  return new URL(path, location.href).href;
}

async function ask(url: string, signal: AbortSignal): Promise<FeatureAnswer> {
  const response = await fetch(url, { signal });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.status === 404) {
    const { code }: Unchecked<ErrorAnswer['error']> = record(record(body).error);
    return {
      none:
        text(code) === 'ERR_NO_FEATURE'
          ? 'There are no examples of this feature. It may never have been active.'
          : noFeatures,
    };
  }
  if (!response.ok) {
    const { message }: Unchecked<ErrorAnswer['error']> = record(record(body).error);
    throw new Error(text(message) || `The server responded with status ${response.status} for this feature.`);
  }
  return { info: parseFeature(body) };
}
