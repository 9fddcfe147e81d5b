import { CircuitTracerError } from '../../errors';
import { type FeatureExamples, findProblem } from '../../graph-file/feature-examples';
import { parseJson } from '../../json';

/** @throws CircuitTracerError `ERR_FILE_FORMAT` unless the bytes are the JSON of a feature. */
export function parseFeature(where: string, bytes: Uint8Array): FeatureExamples {
  let value: unknown;
  try {
    value = parseJson(new TextDecoder('utf-8').decode(bytes));
  } catch {
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${where}: expected the JSON of a feature, found other content.`);
  }
  const problem = findProblem(value);
  if (problem !== undefined) throw new CircuitTracerError('ERR_FILE_FORMAT', `${where}: ${problem}.`);
  return value as FeatureExamples;
}
