import { join } from 'node:path';
import { cantorPair } from '../../graph-file/cantor';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import { fileWithin, isSafePart, readWhole } from '../../io/file-within';
import { fileExists } from '../../io/files';
import { findFeatures, PackedFeatures } from '../packed-features';
import { indexFile } from '../packed-source';
import type { FeatureName, OwnedSource } from './feature-source';
import { parseFeature } from './parse-feature';

/**
 * The folder of the features. Packed features are in the given folder or in its subfolder `features` (a folder of
 * transcoders); single files are in the given folder.
 */
export async function featuresFolder(folder: string): Promise<string> {
  return (await isPacked(folder)) ? folder : ((await findFeatures(folder)) ?? folder);
}

/**
 * Open the features in a folder: packed, or one file per feature.
 *
 * @throws CircuitTracerError `ERR_FILE_READ`, `ERR_FILE_FORMAT` for an invalid index.
 */
export async function openLocalFeatures(folder: string): Promise<OwnedSource> {
  return (await isPacked(folder)) ? new LocalPacked(await PackedFeatures.open(folder)) : new FeatureFiles(folder);
}

function isPacked(folder: string): Promise<boolean> {
  return fileExists(join(folder, indexFile));
}

class LocalPacked implements OwnedSource {
  readonly #features: PackedFeatures;

  constructor(features: PackedFeatures) {
    this.#features = features;
  }

  read({ layer, feature }: FeatureName): Promise<FeatureExamples | undefined> {
    return this.#features.read(layer, feature);
  }

  close(): Promise<void> {
    return this.#features.close();
  }
}

/** The files `<scan>/<number>.json`, or `<number>.json` for a single scan. The number pairs layer and feature. */
class FeatureFiles implements OwnedSource {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read({ layer, feature, scan = '' }: FeatureName): Promise<FeatureExamples | undefined> {
    const file = `${cantorPair(layer, feature)}.json`;
    const folders = scan.replace(/^\.?\//, '').split('/');
    const scanPath = folders.every(isSafePart) ? await fileWithin(this.#folder, [...folders, file]) : undefined;
    const path = scanPath ?? (await fileWithin(this.#folder, [file]));
    return path === undefined ? undefined : parseFeature(path, await readWhole(path));
  }

  async close(): Promise<void> {}
}
