import type { Activations, NdArray, SparseActivations } from '../engine/arrays';

/** Join the activations of passes over successive positions into those of a single pass. */
export function concatenated(passes: readonly Activations[]): Activations | undefined {
  const [first] = passes;
  if (first === undefined || passes.length === 1) return first;
  return 'indices' in first
    ? concatenatedSparse(passes as readonly SparseActivations[])
    : concatenatedDense(passes as readonly NdArray[]);
}

function concatenatedShape(passes: readonly Activations[]): [number, number, number] {
  const [first] = passes as readonly [Activations];
  const [layers, , width] = first.shape as [number, number, number];
  return [layers, passes.reduce((total, { shape }) => total + (shape[1] as number), 0), width];
}

function concatenatedDense(passes: readonly NdArray[]): NdArray {
  const shape = concatenatedShape(passes);
  const [layers, , width] = shape;
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  let at = 0;
  for (let layer = 0; layer < layers; layer++) {
    for (const pass of passes) {
      const size = (pass.shape[1] as number) * width;
      data.set(pass.data.subarray(layer * size, (layer + 1) * size), at);
      at += size;
    }
  }
  return { data, shape };
}

/** Each pass is sorted by (layer, position, feature). The result is too: layer by layer, pass by pass. */
function concatenatedSparse(passes: readonly SparseActivations[]): SparseActivations {
  const shape = concatenatedShape(passes);
  const count = passes.reduce((total, { values }) => total + values.length, 0);
  const indices = new Int32Array(3 * count);
  const values = new Float32Array(count);
  const next = passes.map(() => 0);
  let at = 0;
  for (let layer = 0; layer < shape[0]; layer++) {
    let offset = 0;
    for (const [i, pass] of passes.entries()) {
      for (let j = next[i] as number; pass.indices[3 * j] === layer; next[i] = ++j) {
        indices.set([layer, (pass.indices[3 * j + 1] as number) + offset, pass.indices[3 * j + 2] as number], 3 * at);
        values[at++] = pass.values[j] as number;
      }
      offset += pass.shape[1] as number;
    }
  }
  return { indices, values, shape };
}
