import { join } from 'node:path';
import { CircuitTracerError } from '../../errors';

/**
 * The file names in a folder by their layer number, the first group of `pattern`.
 *
 * @throws CircuitTracerError `ERR_UNSUPPORTED_TRANSCODER` when two files have the same number.
 */
export function numberedFiles(folder: string, names: readonly string[], pattern: RegExp): Map<number, string> {
  const files = new Map<number, string>();
  for (const name of names) {
    const digits = pattern.exec(name)?.[1];
    if (digits === undefined) continue;
    const other = files.get(Number(digits));
    if (other !== undefined) {
      throw new CircuitTracerError(
        'ERR_UNSUPPORTED_TRANSCODER',
        `${folder} has two files for layer ${Number(digits)}: ${other} and ${name}. Remove one.`,
      );
    }
    files.set(Number(digits), name);
  }
  return files;
}

/** The error for a layer without a file. */
export function missingLayer(folder: string, layer: number, name: string, nLayers: number): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    `Layer ${layer} of ${nLayers} is missing: expected ${join(folder, name)}. Download it, or remove the files of the other layers if they belong to another set.`,
  );
}
