import type { FeatureExamples } from '../../features/feature-examples';
import { PackedFeatures } from '../../features/packed-features';
import { indexFile, type PackedSource } from '../../features/packed-source';
import { parseHubReference } from '../../hub/reference';
import { Problem } from '../problem';
import type { FeatureName, FeatureSource } from './feature-source';
import { fetchBytes } from './fetch-bytes';

/** Indices are some megabytes each. */
const mostIndices = 4;
const largestIndex = 64 * 2 ** 20;

/** Features packed in repositories of a hub, fetched by this server so that the page talks to nobody else. */
export class HubFeatures implements FeatureSource {
  readonly #endpoint: string;
  readonly #opened = new Map<string, Promise<PackedFeatures>>();

  /** @param endpoint without a slash at its end */
  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async read({ layer, feature, scan }: FeatureName, signal: AbortSignal): Promise<FeatureExamples | undefined> {
    const folder = scan === undefined ? undefined : hubFolder(scan);
    if (folder === undefined) return undefined;
    return (await this.#open(`${this.#endpoint}/${folder}`, signal)).read(layer, feature);
  }

  #open(folder: string, signal: AbortSignal): Promise<PackedFeatures> {
    const opened = this.#opened.get(folder) ?? PackedFeatures.from(new HubSource(folder));
    this.#opened.set(folder, opened);
    // What failed may work the next time.
    opened.catch(() => this.#opened.delete(folder));
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > mostIndices && oldest !== undefined) this.#opened.delete(oldest);
    return Promise.race([opened, aborted(signal)]);
  }

  async close(): Promise<void> {
    this.#opened.clear();
  }
}

class HubSource implements PackedSource {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  nameOf(filename: string): string {
    return `${this.folder}/${encodeURIComponent(filename)}`;
  }

  index(): Promise<Buffer> {
    return fetchBytes(this.nameOf(indexFile), { most: largestIndex });
  }

  range(filename: string, start: number, end: number): Promise<Buffer> {
    return fetchBytes(this.nameOf(filename), { most: end - start, range: { start, end: end - 1 } });
  }

  async close(): Promise<void> {}
}

/** The folder of features that a scan, `org/name//folder@revision`, names; undefined for what is no repository. */
export function hubFolder(scan: string): string | undefined {
  const reference = parseHubReference(scan);
  if (reference === undefined) return undefined;
  const { repo, path, revision = 'main' } = reference;
  const folders = path.split('/').filter(Boolean).map(encodeURIComponent);
  return [repo, 'resolve', encodeURIComponent(revision), ...folders, 'features'].join('/');
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const gone = () => reject(new Problem(503, 'ABORT_ERR', 'The request was given up.'));
    if (signal.aborted) gone();
    signal.addEventListener('abort', gone, { once: true });
  });
}
