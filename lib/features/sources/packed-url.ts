import { PackedFeatures } from '../packed-features';
import { indexFile, type PackedSource } from '../packed-source';
import { fetchBytes } from './fetch-bytes';

/** Some megabytes for hundreds of thousands of features. */
const largestIndex = 64 * 2 ** 20;

/**
 * Packed features at an address, read by ranges.
 *
 * @param folder address of the folder with `index.json.gz`, without a slash at its end
 * @throws CircuitTracerError what `fetchBytes` throws; `ERR_FILE_FORMAT` for a broken index.
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
    return fetchBytes(this.nameOf(indexFile), { most: largestIndex });
  }

  range(filename: string, start: number, end: number): Promise<Buffer> {
    return fetchBytes(this.nameOf(filename), { most: end - start, range: { start, end: end - 1 } });
  }

  async close(): Promise<void> {}
}
