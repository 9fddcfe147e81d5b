import { isBundledTranscoders, transcoderFolder } from '../../bundled';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import { findFeatures, PackedFeatures } from '../packed-features';
import type { FeatureName, OwnedSource } from './feature-source';

/** The examples included in the package, for graphs of the bundled transcoders. */
export class BundledFeatures implements OwnedSource {
  readonly #sets = new Map<string, Promise<PackedFeatures | undefined>>();

  knows({ scan }: FeatureName): boolean {
    return scan !== undefined && isBundledTranscoders(scan);
  }

  async read(name: FeatureName): Promise<FeatureExamples | undefined> {
    if (!this.knows(name)) return undefined;
    const set = await this.#openSet(name.scan as string);
    return set?.read(name.layer, name.feature);
  }

  async close(): Promise<void> {
    for (const set of this.#sets.values()) await (await set)?.close();
  }

  #openSet(scan: string): Promise<PackedFeatures | undefined> {
    const set = this.#sets.get(scan) ?? open(scan);
    this.#sets.set(scan, set);
    return set;
  }
}

async function open(scan: string): Promise<PackedFeatures | undefined> {
  const folder = await findFeatures(transcoderFolder(scan));
  return folder === undefined ? undefined : PackedFeatures.open(folder);
}
