import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { type FeatureLabels, findProblem, labelsFile } from '../graph-file/labels';
import { labelsOfGraphFile } from '../graph-file/page-labels';
import { fileExists, isFolder, readJsonObject } from '../io/files';
import { isObject } from '../is-object';

/**
 * Read the labels of features from a folder of transcoders (empty when it has no labels file), from a labels file, or
 * from the nodes of a graph file.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` for a missing path, `ERR_FILE_READ`, `ERR_FILE_FORMAT` for an invalid
 * label, which the message names.
 */
export async function readLabels(path: string): Promise<FeatureLabels> {
  if (!(await isFolder(path))) return readLabelFile(path);
  const file = join(path, labelsFile);
  return (await fileExists(file)) ? readLabelFile(file) : {};
}

async function readLabelFile(path: string): Promise<FeatureLabels> {
  const file = await readJsonObject(path);
  if (Array.isArray(file.nodes)) return labelsOfGraphFile(file);
  const problem = isObject(file.labels) ? findProblem(file.labels) : 'labels must be an object';
  if (problem === undefined) return file.labels as FeatureLabels;
  throw new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${path}: ${problem}. Expected { "labels": { "LAYER:FEATURE": "text" } } or a graph file. Fix or remove the file.`,
  );
}
