import { join } from 'node:path';
import { cantorPair } from '../../graph-file/cantor';
import type { FeatureExamples } from '../../graph-file/feature-examples';
import { fileWithin, isSafePart, readWhole } from '../../io/file-within';
import { fileExists } from '../../io/files';
import { findFeatures, PackedFeatures } from '../packed-features';
import { indexFile } from '../packed-source';
import type { FeatureName, FeatureSource } from './feature-source';
import { parseFeature } from './parse-feature';

/** Packed features come in a folder of their own, or in `features` of a folder of transcoders; files are where one says. */
export async function featuresFolder(folder: string): Promise<string> {
  return (await isPacked(folder)) ? folder : ((await findFeatures(folder)) ?? folder);
}

/**
 * The features of a folder: packed, or a file for each.
 *
 * @throws CircuitTracerError `ERR_FILE_READ`, `ERR_FILE_FORMAT` for a broken index.
 */
export async function openLocalFeatures(folder: string): Promise<FeatureSource> {
  return (await isPacked(folder)) ? new LocalPacked(await PackedFeatures.open(folder)) : new FeatureFiles(folder);
}

function isPacked(folder: string): Promise<boolean> {
  return fileExists(join(folder, indexFile));
}

class LocalPacked implements FeatureSource {
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

/** `<scan>/<number>.json`, or `<number>.json` where there is one scan; the number is layer and feature paired. */
class FeatureFiles implements FeatureSource {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read({ layer, feature, scan = '' }: FeatureName): Promise<FeatureExamples | undefined> {
    const file = `${cantorPair(layer, feature)}.json`;
    const folders = scan.replace(/^\.?\//, '').split('/');
    const ofScan = folders.every(isSafePart) ? await fileWithin(this.#folder, [...folders, file]) : undefined;
    const path = ofScan ?? (await fileWithin(this.#folder, [file]));
    return path === undefined ? undefined : parseFeature(path, await readWhole(path));
  }

  async close(): Promise<void> {}
}
