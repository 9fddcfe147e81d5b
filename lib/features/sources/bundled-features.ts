import { isBundledTranscoders, transcoderFolder } from '../../bundled';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import { findFeatures, PackedFeatures } from '../packed-features';
import type { FeatureName, FeatureSource } from './feature-source';

/** The examples that ship with the package, for graphs of the bundled transcoders. */
export class BundledFeatures implements FeatureSource {
  readonly #sets = new Map<string, Promise<PackedFeatures | undefined>>();

  knows({ scan }: FeatureName): boolean {
    return scan !== undefined && isBundledTranscoders(scan);
  }

  async read(name: FeatureName): Promise<FeatureExamples | undefined> {
    if (!this.knows(name)) return undefined;
    const set = await this.#setOf(name.scan as string);
    return set?.read(name.layer, name.feature);
  }

  async close(): Promise<void> {
    for (const set of this.#sets.values()) await (await set)?.close();
  }

  #setOf(scan: string): Promise<PackedFeatures | undefined> {
    const set = this.#sets.get(scan) ?? open(scan);
    this.#sets.set(scan, set);
    return set;
  }
}

async function open(scan: string): Promise<PackedFeatures | undefined> {
  const folder = await findFeatures(transcoderFolder(scan));
  return folder === undefined ? undefined : PackedFeatures.open(folder);
}
