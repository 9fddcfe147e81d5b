import type { FeatureExamples } from '../../graph-file/feature-examples';
import { parseHubReference } from '../../hub/reference';
import type { PackedFeatures } from '../packed-features';
import { abortable } from './abortable';
import type { FeatureName, OwnedSource } from './feature-source';
import { openPackedUrl } from './packed-url';

/** The number of indices to keep. Each takes a few megabytes. */
const maxIndices = 4;

/** Packed features on a hub, in the repository named by a scan. */
export class HubFeatures implements OwnedSource {
  readonly #endpoint: string;
  readonly #opened = new Map<string, Promise<PackedFeatures>>();

  /** @param endpoint the URL of the hub, without a trailing slash */
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
    // A failed request is not cached, because a retry may succeed.
    opened.catch(() => this.#opened.delete(folder));
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > maxIndices && oldest !== undefined) this.#opened.delete(oldest);
    return opened;
  }

  async close(): Promise<void> {
    this.#opened.clear();
  }
}

/** The features folder of a scan, `org/name//folder@revision`; undefined when the scan is not a repository. */
export function hubFolder(scan: string): string | undefined {
  const reference = parseHubReference(scan);
  if (reference === undefined) return undefined;
  const { repo, path, revision = 'main' } = reference;
  const folders = path.split('/').filter(Boolean).map(encodeURIComponent);
  return [repo, 'resolve', encodeURIComponent(revision), ...folders, 'features'].join('/');
}
