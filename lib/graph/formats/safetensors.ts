import { types } from 'node:util';
import type { ResolvedCallOptions } from '../../call-options';
import { CircuitTracerError } from '../../errors';
import { memorySource } from '../../io/byte-source';
import { type MovedBytes, movedBytes } from '../../io/moved-bytes';
import {
  readArraysOf,
  readSafetensorsArrays,
  type SafetensorsArrays,
  type StoredArray,
  safetensorsBuffer,
  type TensorToWrite,
  tensorBytes,
  writeSafetensors,
} from '../../io/safetensors';
import { parseJson } from '../../json';
import { blocksOf } from '../edge-rows';
import type { GraphData, LogitTarget } from '../graph-data';

const format = 'circuit-tracer graph';
const formatVersion = '1';

/** The non-numeric content of a graph, stored as JSON in the file's metadata. */
type Description = Pick<
  GraphData,
  'prompt' | 'tokenStrings' | 'featureLabels' | 'scan' | 'model' | 'settings' | 'timings'
> & {
  readonly logitTokens: readonly string[];
  /** Additional data of each target. Omitted when there is none. */
  readonly logitPlaces?: readonly Pick<LogitTarget, 'position' | 'feature'>[];
};

type Arrays = Pick<SafetensorsArrays, 'arrays' | 'otherDtypes'>;

/** @throws CircuitTracerError `ERR_FILE_WRITE`, `ABORT_ERR`. */
export async function saveGraphData(path: string, data: GraphData, call: ResolvedCallOptions): Promise<void> {
  const { tensors, metadata, moved } = savedParts(data, call);
  await writeSafetensors(path, tensors, metadata, moved.add);
  moved.end();
}

/** Returns the bytes of a file. @throws CircuitTracerError `ERR_OUT_OF_MEMORY` for more than 4 GiB, `ABORT_ERR`. */
export async function graphBuffer(data: GraphData, call: ResolvedCallOptions): Promise<Buffer> {
  const { tensors, metadata, moved } = savedParts(data, call);
  const buffer = await safetensorsBuffer(tensors, metadata, moved.add);
  moved.end();
  return buffer;
}

function savedParts(data: GraphData, call: ResolvedCallOptions) {
  const active = data.activationValues.length;
  const rows = data.selectedFeatures.length + data.logits.length;
  const edges = blocksOf(data.edges);
  const columns = edges.reduce((sum, { length }) => sum + length, 0) / rows;
  const logitTokenIds = Int32Array.from(data.logits, (logit) => logit.tokenId);
  const probabilities = Float32Array.from(data.logits, (logit) => logit.weight);
  const tensors: TensorToWrite[] = [
    { name: 'input_tokens', dtype: 'I32', shape: [data.tokens.length], data: data.tokens },
    { name: 'active_features', dtype: 'I32', shape: [active, 3], data: data.activeFeatures },
    { name: 'activation_values', dtype: 'F32', shape: [active], data: data.activationValues },
    { name: 'selected_features', dtype: 'I32', shape: [data.selectedFeatures.length], data: data.selectedFeatures },
    { name: 'edges', dtype: 'F32', shape: [rows, columns], data: edges },
    { name: 'logit_token_ids', dtype: 'I32', shape: [logitTokenIds.length], data: logitTokenIds },
    { name: 'logit_probabilities', dtype: 'F32', shape: [probabilities.length], data: probabilities },
    ...targetVectors(data),
  ];
  const versions = { format_version: formatVersion, package_version: data.packageVersion };
  const total = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
  const metadata = { format, ...versions, graph: describeGraph(data) };
  return { tensors, metadata, moved: movedBytes('save', total, call) };
}

/** The vectors of targets that are directions. `logit_vector_3` belongs to the target at index 3. */
function targetVectors({ logits }: GraphData): TensorToWrite[] {
  return logits.flatMap(({ vector }, rank) =>
    vector ? [{ name: vectorName(rank), dtype: 'F32', shape: [vector.length], data: vector }] : [],
  );
}

const vectorName = (rank: number) => `logit_vector_${rank}`;

function describeGraph({ logits, ...data }: GraphData): string {
  const { prompt, tokenStrings, featureLabels, scan, model, settings, timings } = data;
  const logitTokens = logits.map((logit) => logit.token);
  const places = logits.map(({ position, feature }) => ({ position, feature }));
  const logitPlaces = places.some(({ position, feature }) => position !== undefined || feature) ? places : undefined;
  const parts = { prompt, tokenStrings, featureLabels, logitTokens, logitPlaces, scan, model, settings, timings };
  return JSON.stringify(parts satisfies Description);
}

/**
 * Read the data of a saved graph. Shapes are checked here. The caller checks that the parts are consistent.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT`, `ABORT_ERR`.
 */
export async function loadGraphData(path: string, moved: MovedBytes): Promise<GraphData> {
  return toGraphData(path, await readSafetensorsArrays(path, moved.add));
}

/**
 * Read the data from the bytes of a saved graph and copy them. @throws CircuitTracerError `ERR_FILE_FORMAT`,
 * `ABORT_ERR`.
 */
export async function parseGraphData(bytes: Uint8Array, call: ResolvedCallOptions): Promise<GraphData> {
  const moved = movedBytes('load', bytes.length, call);
  const source = memorySource('the buffer', bytes);
  const data = toGraphData(source.name, await readArraysOf(source, moved.add));
  moved.end();
  return data;
}

function toGraphData(path: string, { metadata, ...arrays }: SafetensorsArrays): GraphData {
  const { logitTokens, logitPlaces = [], ...description } = parseDescription(path, metadata);
  const selectedFeatures = integers(path, arrays, 'selected_features', [-1]);
  const tokenIds = integers(path, arrays, 'logit_token_ids', [logitTokens.length]);
  const probabilities = floats(path, arrays, 'logit_probabilities', [logitTokens.length]);
  return {
    ...description,
    tokens: integers(path, arrays, 'input_tokens', [-1]),
    activeFeatures: integers(path, arrays, 'active_features', [-1, 3]),
    activationValues: floats(path, arrays, 'activation_values', [-1]),
    selectedFeatures,
    edges: readEdges(path, arrays, selectedFeatures.length + logitTokens.length),
    logits: logitTokens.map((token, rank) => ({
      tokenId: tokenIds[rank] as number,
      token,
      weight: probabilities[rank] as number,
      ...logitPlaces[rank],
      ...(hasTensor(arrays, vectorName(rank)) && { vector: floats(path, arrays, vectorName(rank), [-1]) }),
    })),
    packageVersion: metadata.package_version ?? '',
  };
}

function parseDescription(path: string, metadata: Record<string, string>): Description {
  if (metadata.format !== format) throw broken(path, 'found another kind of safetensors file, such as weights');
  if (metadata.format_version !== formatVersion) {
    throw broken(path, `found format version ${metadata.format_version}; this package reads version ${formatVersion}`);
  }
  let description: unknown;
  try {
    description = parseJson(metadata.graph ?? '');
  } catch (error) {
    throw broken(path, `the metadata entry 'graph' is not JSON (${(error as Error).message})`);
  }
  const { logitTokens, logitPlaces, ...rest } = (description ?? {}) as Description;
  const { prompt, tokenStrings, featureLabels = {}, scan, model, settings, timings } = rest;
  if (!Array.isArray(logitTokens)) throw broken(path, `the metadata entry 'graph' has no list of logitTokens`);
  if (logitPlaces !== undefined && !(Array.isArray(logitPlaces) && logitPlaces.length === logitTokens.length)) {
    throw broken(path, `the metadata entry 'graph' must have one entry of logitPlaces per entry of logitTokens`);
  }
  return { logitTokens, logitPlaces, prompt, tokenStrings, featureLabels, scan, model, settings, timings };
}

function readEdges(path: string, arrays: Arrays, rows: number): readonly Float32Array[] {
  const { data } = stored(path, arrays, 'edges', [rows, -1]);
  const parts = Array.isArray(data) ? data : [data];
  if (parts.every((part) => types.isFloat32Array(part))) return parts;
  throw broken(path, 'tensor edges must be of dtype F32');
}

function hasTensor({ arrays, otherDtypes }: Arrays, name: string): boolean {
  return arrays.has(name) || otherDtypes.has(name);
}

function floats(path: string, arrays: Arrays, name: string, shape: readonly number[]): Float32Array {
  const { data } = stored(path, arrays, name, shape);
  if (types.isFloat32Array(data)) return data;
  throw broken(path, `tensor ${name} must be of dtype F32`);
}

/** Read integers stored as I32, or as I64 if they fit in 32 bits. */
function integers(path: string, arrays: Arrays, name: string, shape: readonly number[]): Int32Array {
  const { data } = stored(path, arrays, name, shape);
  if (types.isInt32Array(data)) return data;
  if (!types.isBigInt64Array(data)) throw broken(path, `tensor ${name} must be of dtype I32 or I64`);
  return Int32Array.from(data, (value) => {
    if (BigInt.asIntN(32, value) === value) return Number(value);
    throw broken(path, `tensor ${name} must hold 32-bit integers; found ${value}`);
  });
}

/** @param shape the expected shape; -1 for any size */
function stored(path: string, { arrays, otherDtypes }: Arrays, name: string, shape: readonly number[]): StoredArray {
  const found = arrays.get(name);
  if (otherDtypes.has(name)) throw broken(path, `tensor ${name} has the unsupported dtype ${otherDtypes.get(name)}`);
  if (!found) throw broken(path, `tensor ${name} is missing`);
  const fits = found.shape.length === shape.length && shape.every((size, i) => size < 0 || size === found.shape[i]);
  if (fits) return found;
  const expected = shape.map((size) => (size < 0 ? '*' : size)).join(', ');
  throw broken(path, `tensor ${name} must have shape [${expected}]; found [${found.shape.join(', ')}]`);
}

function broken(path: string, problem: string): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `Expected ${path} to be a graph saved as .safetensors: ${problem}. Save the graph again, or use another file.`,
  );
}
