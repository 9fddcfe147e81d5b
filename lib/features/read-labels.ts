import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { type FeatureLabels, findProblem, labelsFile } from '../graph-file/labels';
import { labelsOfGraphFile } from '../graph-file/page-labels';
import { fileExists, isFolder, readJsonObject } from '../io/files';
import { isObject } from '../is-object';

/**
 * The labels of features: in a folder of transcoders (none when it has no labels file), in a labels file, or in a graph
 * file, those of its nodes.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` for a path that isn't there, `ERR_FILE_READ`, `ERR_FILE_FORMAT` naming the
 * entry that is no label.
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
    `${path}: ${problem}. Expected { "labels": { "LAYER:FEATURE": "text" } } or a graph file; mend or remove the file.`,
  );
}
