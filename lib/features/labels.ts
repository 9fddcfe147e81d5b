import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { fileExists, isObject, readJsonObject } from '../io/files';

/** What features stand for, in a few words, by `layer:feature`. */
export type FeatureLabels = Readonly<Record<string, string>>;

/** The file in a folder of transcoders that holds `{ "labels": { "3:120": "cities in Texas" } }`. */
export const labelsFile = 'labels.json';

export function labelKey({ layer, feature }: { readonly layer: number; readonly feature: number }): string {
  return `${layer}:${feature}`;
}

/**
 * The labels in a folder of transcoders; none when it has no labels file.
 *
 * @throws CircuitTracerError `ERR_FILE_READ`, `ERR_FILE_FORMAT` naming the entry that is no label.
 */
export async function readLabels(transcoderDir: string): Promise<FeatureLabels> {
  const path = join(transcoderDir, labelsFile);
  if (!(await fileExists(path))) return {};
  const { labels } = await readJsonObject(path);
  const problem = isObject(labels) ? findProblem(labels) : 'labels must be an object';
  if (problem === undefined) return labels as FeatureLabels;
  throw new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${path}: ${problem}. Expected { "labels": { "LAYER:FEATURE": "text" } }; mend or remove the file.`,
  );
}

/** @returns what is wrong, or undefined */
export function findProblem(labels: Record<string, unknown>): string | undefined {
  for (const [key, label] of Object.entries(labels)) {
    if (!/^\d+:\d+$/.test(key)) return `'${key}' must be LAYER:FEATURE, as 3:120`;
    if (typeof label !== 'string') return `the label of ${key} must be text`;
  }
  return undefined;
}
