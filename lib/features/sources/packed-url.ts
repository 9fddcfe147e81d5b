import { PackedFeatures } from '../packed-features';
import { indexFile, type PackedSource } from '../packed-source';
import { fetchBytes } from './fetch-bytes';

/** The limit for the index, which takes a few megabytes for hundreds of thousands of features. */
const maxIndexBytes = 64 * 2 ** 20;

/**
 * Open packed features at a URL, which are read by ranges.
 *
 * @param folder the URL of the folder with `index.json.gz`, without a trailing slash
 * @throws CircuitTracerError as `fetchBytes`; `ERR_FILE_FORMAT` for an invalid index.
 */
export function openPackedUrl(folder: string): Promise<PackedFeatures> {
  return PackedFeatures.from(new UrlSource(folder));
}

class UrlSource implements PackedSource {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  nameOf(filename: string): string {
    return `${this.folder}/${encodeURIComponent(filename)}`;
  }

  index(): Promise<Buffer> {
    return fetchBytes(this.nameOf(indexFile), { most: maxIndexBytes });
  }

  range(filename: string, start: number, end: number): Promise<Buffer> {
    return fetchBytes(this.nameOf(filename), { most: end - start, range: { start, end: end - 1 } });
  }

  async close(): Promise<void> {}
}
