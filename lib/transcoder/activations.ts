import { types } from 'node:util';
import type { Activations, NdArray, SparseActivations, SparseList } from '../engine/arrays';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import { argumentError, describe, invalid } from '../validate';

/** The width of dense activations: that of the widest layer. Narrower layers are padded with zeros. */
export function widestLayer(spec: TranscoderSpec): number {
  return Math.max(...spec.nFeatures);
}

/**
 * Check finite float32 numbers.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT`
 */
export function checkFloats(value: Float32Array | readonly number[], name: string): Float32Array {
  if (!types.isFloat32Array(value) && !Array.isArray(value)) {
    throw invalid(name, 'a Float32Array or an array of numbers', value);
  }
  const floats = types.isFloat32Array(value) ? value : Float32Array.from(value as number[]);
  const at = floats.findIndex((number) => !Number.isFinite(number));
  if (at < 0) return floats;
  throw argumentError(`${name} must hold finite float32 numbers; found ${describe(value[at])} at index ${at}.`);
}

/**
 * The number of rows of an array, from its length.
 *
 * @param shape the shape, with -1 for the rows
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` when it is not a whole number of 1 or more.
 */
export function countRows(length: number, shape: readonly number[], name: string): number {
  const perRow = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const rows = length / perRow;
  if (Number.isInteger(rows) && rows >= 1) return rows;
  const sizes = shape.map((size) => (size === -1 ? 'rows' : size)).join(', ');
  throw argumentError(`${name} must have shape [${sizes}], so a multiple of ${perRow} numbers; found ${length}.`);
}

/**
 * Check feature indices of one layer.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT`
 */
export function checkFeatures(features: Int32Array | readonly number[], nFeatures: number): Int32Array {
  if (!types.isInt32Array(features) && !Array.isArray(features)) {
    throw invalid('features', 'an Int32Array or an array of whole numbers', features);
  }
  for (const feature of features as readonly number[]) {
    if (Number.isInteger(feature) && feature >= 0 && feature < nFeatures) continue;
    throw invalid('features', `whole numbers from 0 to ${nFeatures - 1}`, feature);
  }
  return Int32Array.from(features);
}

/**
 * Convert activations for native code: sorted by (layer, row, feature), all in range.
 *
 * @param activations dense [nLayers, rows, features of the widest layer], or a list in any order
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT`
 */
export function checkActivations(activations: Activations, spec: TranscoderSpec): SparseActivations {
  const [layers, rows, width] = checkShape(activations, spec);
  const list = 'indices' in activations ? checkList(activations) : listed(activations, layers * rows, width);
  const { indices, values } = list;
  for (let i = 0; i < values.length; i++) {
    const layer = indices[3 * i] ?? -1;
    const row = indices[3 * i + 1] ?? -1;
    const feature = indices[3 * i + 2] ?? -1;
    const nFeatures = spec.nFeatures[layer] ?? 0;
    if (row < 0 || row >= rows || feature < 0 || feature >= nFeatures) {
      const bounds = `[${spec.nLayers}, ${rows}, ${nFeatures || width}]`;
      throw argumentError(`activations must lie within ${bounds}; found one at (${layer}, ${row}, ${feature}).`);
    }
  }
  return { ...sorted(indices, values, rows, width), shape: [layers, rows, width] };
}

function checkShape(activations: Activations, spec: TranscoderSpec): [number, number, number] {
  const shape = (activations as Partial<SparseActivations> | undefined)?.shape;
  const [layers = 0, rows = 0, width = 0] = Array.isArray(shape) ? shape : [];
  const expected = [spec.nLayers, 'rows', widestLayer(spec)];
  const right = shape?.length === 3 && layers === spec.nLayers && width === widestLayer(spec);
  if (right && Number.isInteger(rows) && rows >= 1) return [layers, rows, width];
  const found = Array.isArray(shape) ? `[${shape.join(', ')}]` : 'none';
  throw argumentError(`activations must have shape [${expected.join(', ')}]; found ${found}.`);
}

function checkList(list: SparseActivations): SparseList {
  const { indices, values } = list;
  if (types.isInt32Array(indices) && indices.length === 3 * values?.length) {
    return { indices, values: checkFloats(values, 'activations.values') };
  }
  throw argumentError('activations must have indices, an Int32Array [N * 3], and values, a Float32Array [N].');
}

function listed(dense: NdArray, rows: number, width: number): SparseList {
  const data = checkFloats(dense.data, 'activations.data');
  if (data.length !== rows * width) {
    throw argumentError(
      `activations of shape [${dense.shape.join(', ')}] must hold ${rows * width} numbers; found ${data.length}.`,
    );
  }
  const perLayer = dense.shape[1] ?? 1;
  return nonZeros(data, width, (row) => [Math.floor(row / perLayer), row % perLayer]);
}

/**
 * The non-zero entries of dense activations.
 *
 * @param data [rows, width]
 * @param rowPosition the layer and position of a row
 */
export function nonZeros(
  data: Float32Array,
  width: number,
  rowPosition: (row: number) => readonly [layer: number, position: number],
): SparseList {
  const indices: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!value) continue;
    indices.push(...rowPosition(Math.floor(i / width)), i % width);
    values.push(value);
  }
  return { indices: Int32Array.from(indices), values: Float32Array.from(values) };
}

function sorted(indices: Int32Array, values: Float32Array, rows: number, width: number): SparseList {
  const sortKey = (i: number) =>
    ((indices[3 * i] ?? 0) * rows + (indices[3 * i + 1] ?? 0)) * width + (indices[3 * i + 2] ?? 0);
  const order = Array.from(values, (_, i) => i);
  if (order.every((i) => i === 0 || sortKey(i - 1) <= sortKey(i))) return { indices, values };
  order.sort((a, b) => sortKey(a) - sortKey(b));
  return {
    indices: Int32Array.from(order.flatMap((i) => [...indices.subarray(3 * i, 3 * i + 3)])),
    values: Float32Array.from(order, (i) => values[i] ?? 0),
  };
}

/** The range [start, stop) of each layer in a sorted list. */
export function layerRanges(indices: Int32Array): { layer: number; start: number; stop: number }[] {
  const ranges: { layer: number; start: number; stop: number }[] = [];
  for (let i = 0; i < indices.length / 3; i++) {
    const layer = indices[3 * i] ?? 0;
    const last = ranges.at(-1);
    if (last?.layer === layer) last.stop = i + 1;
    else ranges.push({ layer, start: i, stop: i + 1 });
  }
  return ranges;
}
