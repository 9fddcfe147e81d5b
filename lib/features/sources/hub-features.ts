import type { FeatureExamples } from '../../graph-file/feature-examples';
import { parseHubReference } from '../../hub/reference';
import type { PackedFeatures } from '../packed-features';
import { abortable } from './abortable';
import type { FeatureName, FeatureSource } from './feature-source';
import { openPackedUrl } from './packed-url';

/** Indices are some megabytes each. */
const mostIndices = 4;

/** Features packed in repositories of a hub: those of the repository that a scan names. */
export class HubFeatures implements FeatureSource {
  readonly #endpoint: string;
  readonly #opened = new Map<string, Promise<PackedFeatures>>();

  /** @param endpoint without a slash at its end */
  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async read({ layer, feature, scan }: FeatureName, signal?: AbortSignal): Promise<FeatureExamples | undefined> {
    const folder = scan === undefined ? undefined : hubFolder(scan);
    if (folder === undefined) return undefined;
    const opened = this.#open(`${this.#endpoint}/${folder}`);
    return abortable(
      opened.then((packed) => packed.read(layer, feature)),
      signal,
    );
  }

  #open(folder: string): Promise<PackedFeatures> {
    const opened = this.#opened.get(folder) ?? openPackedUrl(folder);
    this.#opened.set(folder, opened);
    // What failed may work the next time.
    opened.catch(() => this.#opened.delete(folder));
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > mostIndices && oldest !== undefined) this.#opened.delete(oldest);
    return opened;
  }

  async close(): Promise<void> {
    this.#opened.clear();
  }
}

/** The folder of features that a scan, `org/name//folder@revision`, names; undefined for what is no repository. */
export function hubFolder(scan: string): string | undefined {
  const reference = parseHubReference(scan);
  if (reference === undefined) return undefined;
  const { repo, path, revision = 'main' } = reference;
  const folders = path.split('/').filter(Boolean).map(encodeURIComponent);
  return [repo, 'resolve', encodeURIComponent(revision), ...folders, 'features'].join('/');
}
