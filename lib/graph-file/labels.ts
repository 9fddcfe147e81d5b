/** Short labels of features, by `layer:feature`. */
export type FeatureLabels = Readonly<Record<string, string>>;

/** The file in a folder of transcoders that holds `{ "labels": { "3:120": "cities in Texas" } }`. */
export const labelsFile = 'labels.json';

export function labelKey({ layer, feature }: { readonly layer: number; readonly feature: number }): string {
  return `${layer}:${feature}`;
}

/** @returns the problem, or undefined */
export function findProblem(labels: Record<string, unknown>): string | undefined {
  for (const [key, label] of Object.entries(labels)) {
    if (!/^\d+:\d+$/.test(key)) return `'${key}' must be LAYER:FEATURE, such as 3:120`;
    if (typeof label !== 'string') return `the label of ${key} must be text`;
  }
  return undefined;
}
